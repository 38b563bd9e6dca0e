import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataText, isSame, lineText, listText, readData, readLine, readList, readNumber } from "@/settings/values";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "{{ a.b }}",
    " {{ a }}",
    "{{ a }} and {{ b }}\n",
    "12",
    "true",
    "null",
    "- a",
    "a: b",
    "# x",
    "",
    '"q"',
    "[1",
  ),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
})).value;

describe("what is shown and read again is the same value", () => {
  it("as data", () => {
    fc.assert(
      fc.property(json, (value) => void expect(readData(dataText(value))).toEqual({ value })),
      { numRuns: 400 },
    );
  });
  it("on one line", () => {
    fc.assert(
      fc.property(json, (value) => void expect(readLine(lineText(value))).toEqual({ value })),
      { numRuns: 400 },
    );
  });
  it("as a list", () => {
    const values = fc.oneof(fc.array(text, { minLength: 1, maxLength: 4 }), fc.constant("{{ a.items }}"));
    fc.assert(
      fc.property(values, (value) => void expect(readList(listText(value))).toEqual({ value })),
      { numRuns: 400 },
    );
  });
});

describe("data", () => {
  it.each([
    ["a: 1\nb: [x, 2]", { a: 1, b: ["x", 2] }],
    ['{"a": null}', { a: null }],
    ["to: {{ inputs.to }}\nlist:\n  - {{ a }}\n  - b", { to: "{{ inputs.to }}", list: ["{{ a }}", "b"] }],
    ["{{ posts.items }}", "{{ posts.items }}"],
    ["{{ a }}, and more", "{{ a }}, and more"],
    ["any", "any"],
    ['"12"', "12"],
  ])("%j", (written, value) => {
    expect(readData(written)).toEqual({ value });
  });

  it("is nothing when nothing is written, and says when it cannot be read", () => {
    expect(readData(" \n")).toEqual({ nothing: true });
    expect(readData("a: [1")).toHaveProperty("error");
    expect(readData("a: 1\na: 2")).toHaveProperty("error");
  });
});

describe("a line", () => {
  it.each([
    ["200", 200],
    ["-1.5", -1.5],
    ["12 apples", "12 apples"],
    ["true", true],
    ["truely", "truely"],
    ["{{ a }}", "{{ a }}"],
    ["[a, b]", ["a", "b"]],
    ["[not closed", "[not closed"],
    ['{"a": 1}', { a: 1 }],
    ["one of [a, b]", "one of [a, b]"],
    ["007", "007"],
  ])("%j", (written, value) => {
    expect(readLine(written)).toEqual({ value });
  });
});

describe("a number", () => {
  const bounds = { whole: true, min: 1, max: 10 };
  it("has its bounds, and may be a template", () => {
    expect(readNumber(" 7 ", bounds)).toEqual({ value: 7 });
    expect(readNumber("{{ inputs.n }}", bounds)).toEqual({ value: "{{ inputs.n }}" });
    expect(readNumber("0", bounds)).toEqual({ error: "At least 1." });
    expect(readNumber("11", bounds)).toEqual({ error: "At most 10." });
    expect(readNumber("1.5", bounds)).toEqual({ error: "Only whole numbers fit here." });
    expect(readNumber("1.5", { whole: false })).toEqual({ value: 1.5 });
    expect(readNumber("ten", bounds)).toEqual({ error: "“ten” is not a number." });
    expect(readNumber("", bounds)).toEqual({ nothing: true });
  });
});

describe("sameness", () => {
  it("does not mind the order of keys", () => {
    expect(isSame({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  });
  it.each([
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, { b: undefined }],
    [
      [1, 2],
      [2, 1],
    ],
    [[], {}],
    [1, "1"],
    [null, {}],
  ])("tells %j from %j", (a, b) => {
    expect(isSame(a, b)).toBe(false);
  });
});
