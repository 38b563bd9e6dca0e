/**
 * Texts as a ZIP archive and back (PKWARE's APPNOTE 6.3). Written without compression and without times, so that the same
 * texts give the same bytes; read as other programs write them, deflated or not.
 */

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_LENGTH = 30;
const CENTRAL_LENGTH = 46;
const END_LENGTH = 22;
/** The end of the archive may be followed by a comment of so many bytes. */
const LONGEST_COMMENT = 0xffff;
/** Names are UTF-8. */
const UTF8 = 0x0800;
const ENCRYPTED = 0x0001;
const STORED = 0;
const DEFLATED = 8;
/** The first day that the format knows: 1 January 1980. */
const NO_DATE = 0x0021;
const VERSION = 20;
/** More than this is not unpacked. */
const LARGEST = 64 * 1024 * 1024;

/** An archive of the texts, in the order in which they are given. */
export function zip(texts: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(texts)) {
    const name = encoder.encode(path);
    const content = encoder.encode(text);
    const shared = [VERSION, UTF8, STORED, 0, NO_DATE] as const;
    const sizes = [crc32(content), content.length, content.length] as const;
    const local = record(LOCAL_LENGTH, [4, LOCAL], ...twos(shared), ...fours(sizes), [2, name.length], [2, 0]);
    directory.push(
      record(
        CENTRAL_LENGTH,
        ...([[4, CENTRAL], [2, VERSION], ...twos(shared), ...fours(sizes), [2, name.length]] as Field[]),
        ...twos([0, 0, 0, 0]),
        ...fours([0, offset]),
      ),
      name,
    );
    parts.push(local, name, content);
    offset += local.length + name.length + content.length;
  }
  const count = directory.length / 2;
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record(END_LENGTH, [4, END], ...twos([0, 0, count, count]), ...fours([length, offset]), [2, 0]);
  return joined([...parts, ...directory, end]);
}

/** The texts of an archive. Throws Error, in words for people, for what is no archive, or holds more than it may. */
export async function unzip(bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  let total = 0;
  for (const { name, method, start, length, size } of entriesOf(bytes)) {
    total += size;
    if (total > LARGEST) throw new Error("The archive holds more than 64 MB.");
    const packed = bytes.subarray(start, start + length);
    if (name.endsWith("/")) continue;
    if (method !== STORED && method !== DEFLATED) throw new Error(`${name} is packed in a way that is not known here.`);
    texts[name] = textOf(name, method === STORED ? packed : await inflate(packed, size));
  }
  return texts;
}

interface Entry {
  name: string;
  method: number;
  start: number;
  length: number;
  size: number;
}

function entriesOf(bytes: Uint8Array<ArrayBuffer>): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const end = endOf(view);
    let at = view.getUint32(end + 16, true);
    return Array.from({ length: view.getUint16(end + 10, true) }, () => {
      if (view.getUint32(at, true) !== CENTRAL || view.getUint16(at + 8, true) & ENCRYPTED) throw new RangeError();
      const named = view.getUint16(at + 28, true);
      const local = view.getUint32(at + 42, true);
      const entry = {
        name: new TextDecoder().decode(bytes.subarray(at + CENTRAL_LENGTH, at + CENTRAL_LENGTH + named)),
        method: view.getUint16(at + 10, true),
        start: local + LOCAL_LENGTH + view.getUint16(local + 26, true) + view.getUint16(local + 28, true),
        length: view.getUint32(at + 20, true),
        size: view.getUint32(at + 24, true),
      };
      at += CENTRAL_LENGTH + named + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
      return entry;
    });
  } catch (why) {
    if (why instanceof RangeError) throw new Error("That is no ZIP archive that can be read.", { cause: why });
    throw why;
  }
}

/** Where the record at the end begins. */
function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_LENGTH - LONGEST_COMMENT);
  for (let at = view.byteLength - END_LENGTH; at >= first; at--) if (view.getUint32(at, true) === END) return at;
  throw new RangeError();
}

/** Unpacks no more than is announced, so that a small archive cannot fill the memory. */
async function inflate(packed: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > size) throw new Error("The archive is damaged: a file is longer than it says.");
    parts.push(next.value);
  }
  return joined(parts);
}

/** A file as text, to the byte. Throws Error, in words, for what is none. */
export function textOf(name: string, content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new Error(`${name} is no text.`);
  }
}

type Field = readonly [width: 2 | 4, value: number];

const twos = (values: readonly number[]) => values.map((value): Field => [2, value]);
const fours = (values: readonly number[]) => values.map((value): Field => [4, value]);

/** Numbers one after the other, the lowest byte first. */
function record(length: number, ...fields: readonly Field[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(content: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of content) sum = (sum >>> 8) ^ (CRC_TABLE[(sum ^ byte) & 0xff] ?? 0);
  return (sum ^ 0xffffffff) >>> 0;
}
