import { describe, expect, it } from "vitest";
import { yamlPlaceAt } from "@/spec_text/completion/yaml_place";

/** `path key|value word` of the place at the end of the text. */
function place(before: string): string {
  const { path, wants, word, quote } = yamlPlaceAt(before);
  return `${path.join(".")} ${wants} ${quote ?? ""}${word}`;
}

describe("a place in YAML that is being written", () => {
  it.each([
    ["", " key "],
    ["us", " key us"],
    ["uses: ", "uses value "],
    ["uses: ht", "uses value ht"],
    ["uses:\t'ht", "uses value 'ht"],
    ["on uncertain: a", "on uncertain value a"],
    ['"quoted key": a', "quoted key value a"],
    ["uses: http\nwith:\n  ur", "with key ur"],
    ["uses: http\nwith:\n  url: x\n  ", "with key "],
    ["with:\n  headers:\n    Accept: te", "with.headers.Accept value te"],
    ["with:\n  headers:\n    Accept: text\n  me", "with key me"],
    ["with:\n  a: 1\nre", " key re"],
    ["with: {", "with key "],
    ['with: {to: "a@example.org", ', "with key "],
    ["with: {url: x, me", "with key me"],
    ["with: {url: ht", "with.url value ht"],
    ['with: {url: "ht', 'with.url value "ht'],
    ['with: {a: "x, {y", b: ', "with.b value "],
    ["with: {a: {b: [1, ", "with.a.b.- value "],
    ["with: {a: {b: 1}, c", "with key c"],
    ["with: {a: http://x", "with.a value http://x"],
    ["with: {a: 1,\n  b: 2,\n  c", "with key c"],
    ["with: {a: 1}\nre", " key re"],
    ["with: {a: 1} # note {\nre", " key re"],
    ["labels:\n  - one\n  - tw", "labels.- key tw"],
    ["when:\n  - webhook: /x\n    res", "when.- key res"],
    ["when:\n- webhook: /x\n- sch", "when.- key sch"],
    ["when:\n  - {schedule: ev", "when.-.schedule value ev"],
    ["a: |\n  key: not a key\n  mo", "a value mo"],
    ["a: |\n  text\nb: v", "b value v"],
    ["a: it's {{ x", "a value it's {{ x"],
    ["uses: http\r\nwith:\r\n  ur", "with key ur"],
  ])("%j", (before, expected) => expect(place(before)).toBe(expected));

  it("tells where the word begins", () => {
    for (const before of ["uses: ht", "with:\n  url: 'ht", "with: {a: 1, b: ht", 'with: {"ht', "x:\n  - ht"]) {
      expect(before.slice(yamlPlaceAt(before).from)).toBe("ht");
    }
  });

  it("knows the keys that are there", () => {
    expect(yamlPlaceAt("uses: a\nwith:\n  x: 1\n  y: 2\n  ").siblings).toEqual(["x", "y"]);
    expect(yamlPlaceAt("uses: a\nwith: {x: 1, y: {z: 2}, ").siblings).toEqual(["x", "y"]);
    expect(yamlPlaceAt("uses: a\nif: b\n").siblings).toEqual(["uses", "if"]);
  });
});
