/** Server-sent events out of a fetched stream (WHATWG HTML §9.2). EventSource cannot say the workspace in a header. */

export interface Message {
  event: string;
  data: string;
  /** The id that stands when it arrived: where to go on from. */
  id: string;
}

/** Takes in text as it comes, in pieces of any size, and gives the messages that are complete. */
export class MessageReader {
  private rest = "";
  private event = "";
  private data: string[] = [];

  constructor(private id = "") {}

  take(piece: string): Message[] {
    const text = this.rest + piece;
    // A carriage return at the very end may be the first half of a line's end.
    const usable = text.endsWith("\r") ? text.length - 1 : text.length;
    const lines = text.slice(0, usable).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + text.slice(usable);
    return lines.map((line) => this.line(line)).filter((message) => message !== null);
  }

  private line(line: string): Message | null {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    return null;
  }

  private dispatch(): Message | null {
    const { event, data, id } = this;
    this.event = "";
    this.data = [];
    return data.length ? { event: event || "message", data: data.join("\n"), id } : null;
  }
}

/**
 * The messages of a stream until it ends. Throws StreamStalled when nothing, not even a comment, came for `quiet_ms`: the
 * connection is dead and nobody has told us.
 */
export async function* messagesOf(
  body: ReadableStream<Uint8Array>,
  quiet_ms: number,
  lastId = "",
): AsyncGenerator<Message> {
  const source = body.getReader();
  const decoder = new TextDecoder();
  const messages = new MessageReader(lastId);
  try {
    for (;;) {
      const { done, value } = await within(source.read(), quiet_ms);
      if (done) return;
      yield* messages.take(decoder.decode(value, { stream: true }));
    }
  } finally {
    await source.cancel().catch(() => undefined);
  }
}

export class StreamStalled extends Error {
  override name = "StreamStalled";
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StreamStalled("The connection has gone quiet.")), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
