import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oursOf } from "@/workspace/files";
import { unzip, zip } from "@/workspace/zip";

/** A folder with agents/greets.md, variables.json and README.md, deflated by another program. */
const ELSEWHERE = `
UEsDBBQAAAAIAAAAIVxLJf/GGAAAAK8BAAAVAAAAYWNtZS9hZ2VudHMvZ3JlZXRzLm1kU1ZwLzq85/D8VC6P1JycfD2FUWoQU1wAUEsDBBQAAAAIAAAAIVwG
sKHdBQAAAAMAAAATAAAAYWNtZS92YXJpYWJsZXMuanNvbquu5QIAUEsDBBQAAAAIAAAAIVyDFtyMAwAAAAEAAAAOAAAAYWNtZS9SRUFETUUubWSrAABQSwEC
FAMUAAAACAAAACFcSyX/xhgAAACvAQAAFQAAAAAAAAAAAAAAgAEAAAAAYWNtZS9hZ2VudHMvZ3JlZXRzLm1kUEsBAhQDFAAAAAgAAAAhXAawod0FAAAAAwAA
ABMAAAAAAAAAAAAAAIABSwAAAGFjbWUvdmFyaWFibGVzLmpzb25QSwECFAMUAAAACAAAACFcgxbcjAMAAAABAAAADgAAAAAAAAAAAAAAgAGBAAAAYWNtZS9S
RUFETUUubWRQSwUGAAAAAAMAAwDAAAAAsAAAAA4AbWFkZSBlbHNld2hlcmU=`;

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64.replaceAll(/\s/g, "")), (letter) => letter.charCodeAt(0));
}

describe("an archive", () => {
  it("gives back every text to the byte", async () => {
    const texts = fc.dictionary(fc.stringMatching(/^[a-zäß][a-z0-9-]{0,20}\.md$/), fc.string({ unit: "grapheme" }));
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        expect(await unzip(zip(given))).toEqual({ ...given });
      }),
      { numRuns: 50 },
    );
    expect(await unzip(zip({ "a.md": "\uFEFFone\r\ntwo" }))).toEqual({ "a.md": "\uFEFFone\r\ntwo" });
  });

  it("has the checksum that the format asks for, and no time of day", () => {
    const bytes = zip({ a: "123456789" });
    expect(new DataView(bytes.buffer).getUint32(14, true)).toBe(0xcbf43926);
    expect(zip({ a: "123456789" })).toEqual(bytes);
  });

  it("is read as other programs write it, with a folder around and a comment behind", async () => {
    const { files, left_out } = oursOf(await unzip(bytesOf(ELSEWHERE)));
    expect(Object.keys(files)).toEqual(["agents/greets.md", "variables.json"]);
    expect(files["agents/greets.md"]).toBe(`# Grüße\n${"Hello. ".repeat(60)}\n`);
    expect(left_out).toBe(1);
  });

  it("is refused in words when it is none, or damaged", async () => {
    await expect(unzip(new TextEncoder().encode("no archive"))).rejects.toThrow("no ZIP archive");
    await expect(unzip(bytesOf(ELSEWHERE).slice(120))).rejects.toThrow("no ZIP archive");
    const longer = bytesOf(ELSEWHERE);
    const central = new DataView(longer.buffer).getUint32(longer.length - 20, true);
    new DataView(longer.buffer).setUint32(central + 24, 5, true);
    await expect(unzip(longer)).rejects.toThrow("longer than it says");
    const binary = zip({ "a.md": "xx" });
    binary[34] = 0xff;
    await expect(unzip(binary)).rejects.toThrow("is no text");
  });
});

describe("what belongs to a workspace", () => {
  it("is kept as it lies when there is no folder around it", () => {
    const texts = { "agents/a.md": "1", "plainwork.json": "2", "agents/deep/b.md": "3" };
    expect(oursOf(texts)).toEqual({ files: { "agents/a.md": "1", "plainwork.json": "2" }, left_out: 1 });
    expect(oursOf({ "agents/a.md": "1" }).files).toEqual({ "agents/a.md": "1" });
    expect(oursOf({})).toEqual({ files: {}, left_out: 0 });
  });
});
