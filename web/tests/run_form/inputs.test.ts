import { describe, expect, it } from "vitest";
import { canStartAtOnce, collect, controlOf, draftOf, initialDrafts, isRequired, read } from "@/run_form/inputs";

describe("the control of a type in words", () => {
  it.each([
    ["text", { is: "text", type: "text" }],
    ["Long  Text", { is: "long" }],
    ["markdown", { is: "long" }],
    ["int", { is: "number", whole: true }],
    ["yes/no", { is: "yes-no" }],
    ["date and time", { is: "date-time" }],
    ["list of text", { is: "list", of: { is: "text", type: "text" } }],
    ["list of numbers", { is: "list", of: { is: "number", whole: false } }],
    ["list of list of text", { is: "data", only: "list" }],
    ["list of any", { is: "data", only: "list" }],
    ["list of object", { is: "data", only: "list" }],
    ["something else", { is: "data" }],
  ])("%s", (type, control) => {
    expect(controlOf(type)).toEqual(control);
  });

  it("reads choices with quotes and numbers", () => {
    expect(controlOf(`one of [red, "a, b", 'c d', 3, -1.5]`)).toEqual({
      is: "choice",
      options: ["red", "a, b", "c d", 3, -1.5],
    });
  });

  it("is a text when nothing is said", () => {
    expect(controlOf(undefined)).toEqual({ is: "text", type: "text" });
  });
});

describe("what is written becomes a value", () => {
  it.each([
    ["integer", "42", { value: 42 }],
    ["integer", "1_000", { value: 1000 }],
    ["number", "2.5e3", { value: 2500 }],
    ["text", "  a b ", { value: "a b" }],
    ["long text", " a\n", { value: " a\n" }],
    ["list of text", "a\n\nb\n", { value: ["a", "b"] }],
    ["list of integer", "1\n2", { value: [1, 2] }],
    ["list of one of [a, 2]", "2\na", { value: [2, "a"] }],
    ["one of [1, 2]", "2", { value: 2 }],
    ["object", '{"a": 1}', { value: { a: 1 } }],
    ["any", "plain words", { value: "plain words" }],
    ["any", "12", { value: 12 }],
    ["text", " ", { missing: true }],
  ])("%s: %j", (type, text, wanted) => {
    expect(read(controlOf(type), text)).toEqual(wanted);
  });

  it.each([
    ["integer", "2.5"],
    ["number", "a lot"],
    ["number", "0x10"],
    ["object", "[1]"],
    ["list", "{}"],
    ["object", "{a: 1}"],
    ["any", "[1"],
    ["one of [a, b]", "c"],
    ["list of integer", "1\nb"],
  ])("%s refuses %j", (type, text) => {
    expect(read(controlOf(type), text)).toHaveProperty("error");
  });

  it.each([
    ["list of text", ["a", "b"]],
    ["list of integer", [1, 2]],
    ["object", { a: { b: [1, null] } }],
    ["any", "12"],
    ["any", [true]],
    ["integer", 0],
    ["yes/no", false],
    ["one of [1, b]", 1],
    ["file", { name: "a.txt", text: "x" }],
  ])("%s: a value shown and read again is the same", (type, value) => {
    const control = controlOf(type);
    expect(read(control, draftOf(control, value))).toEqual({ value });
  });
});

describe("a whole form", () => {
  const inputs = {
    who: { type: "email", about: "Who gets it" },
    least: { type: "integer", default: 50 },
    note: { type: "text", required: false },
    loud: { type: "yes/no", default: "no" },
  };

  it("begins with the defaults, and with what is given before them", () => {
    expect(initialDrafts(inputs)).toEqual({ who: "", least: "50", note: "", loud: false });
    expect(initialDrafts(inputs, { least: 7, who: "a@b.org" })).toMatchObject({ who: "a@b.org", least: "7" });
  });

  it("tells what is missing and what is wrong, and leaves out what is empty", () => {
    expect(collect(inputs, { who: "", least: "many", note: "", loud: true })).toEqual({
      values: { loud: true },
      errors: { who: "The run needs this.", least: "“many” is not a number." },
    });
  });

  it("takes moments on the clocks of UTC", () => {
    const control = controlOf("date and time");
    expect(draftOf(control, "2026-01-31T08:30:00+01:00")).toBe("2026-01-31T07:30");
    expect(draftOf(control, "2026-01-31 07:30")).toBe("2026-01-31T07:30");
    expect(read(control, "2026-01-31T07:30")).toEqual({ value: "2026-01-31T07:30Z" });
  });

  it("knows whether anything has to be asked", () => {
    expect(canStartAtOnce(inputs)).toBe(false);
    expect(canStartAtOnce({ least: inputs.least, note: inputs.note })).toBe(true);
    expect(isRequired({ default: null })).toBe(false);
  });
});
