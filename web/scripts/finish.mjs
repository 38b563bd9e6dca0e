/**
 * Turns Next.js's export (web/out) into what the API serves (src/plainwork/site): scripts that stand in a page become
 * files, because our content security policy runs no others; and text lies compressed beside itself.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(web, "out");
const site = join(web, "../src/plainwork/site");
const fresh = `${site}.new`;
const old = `${site}.old`;

const CHUNKS = "_next/static/chunks";
const PACKED = new Set([".html", ".js", ".css", ".svg", ".json", ".txt"]);
const WORTH_PACKING = 1024;
const INLINE_SCRIPT = /<script>([\s\S]*?)<\/script>/g;

const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);

await rm(fresh, { recursive: true, force: true });
await cp(built, fresh, { recursive: true });
await Promise.all((await files()).filter((name) => name.endsWith(".html")).map(moveScriptsOut));
await Promise.all((await files()).filter((name) => PACKED.has(extname(name))).map(pack));
await takePlace();

/** Every file of the new site, by its path within it. */
async function files() {
  const entries = await readdir(fresh, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/**
 * Scripts that stand in a page run before those that it defers. As deferred files in the same place they still do, for
 * deferred scripts keep their order.
 */
async function moveScriptsOut(page) {
  const html = await readFile(page, "utf8");
  const scripts = new Map();
  const moved = html.replace(INLINE_SCRIPT, (_, code) => {
    const name = `${CHUNKS}/start-${createHash("sha256").update(code).digest("hex").slice(0, 12)}.js`;
    scripts.set(name, code);
    return `<script src="/${name}" defer=""></script>`;
  });
  await Promise.all([...scripts].map(([name, code]) => writeFile(join(fresh, name), code)));
  await writeFile(page, moved);
}

async function pack(path) {
  const content = await readFile(path);
  if (content.length < WORTH_PACKING) return;
  const quality = { [zlib.constants.BROTLI_PARAM_QUALITY]: 9 };
  const [gz, br] = await Promise.all([gzip(content, { level: 9 }), brotli(content, { params: quality })]);
  await Promise.all([writeFile(`${path}.gz`, gz), writeFile(`${path}.br`, br)]);
}

/** A running server sees the old site or the new one, but for the moment between two renames. */
async function takePlace() {
  await mkdir(dirname(site), { recursive: true });
  await rm(old, { recursive: true, force: true });
  await rename(site, old).catch((why) => {
    if (why.code !== "ENOENT") throw why;
  });
  await rename(fresh, site);
  await rm(old, { recursive: true, force: true });
}
