import { describe, expect, it } from "vitest";
import { findingAt, setting } from "@/settings/editing";
import { modelsText, readModels } from "@/settings/models";
import type { Name } from "@/settings/names";
import { entryChanges, freeName, recordChanges } from "@/settings/pairs";
import { preview, rowsOf } from "@/settings/picker_rows";
import { withLead } from "@/settings/routes";
import { findStep } from "@/settings/steps";
import { isInTemplate } from "@/settings/text_field";

describe("changes of names with values", () => {
  it("touch one value where only that is another", () => {
    expect(recordChanges("a", ["with", "headers"], { x: 1, y: 2 }, { x: 1, y: 3 })).toEqual([
      { op: "set", node: "a", path: ["with", "headers", "y"], value: 3 },
    ]);
  });

  it("set all of it where names come, go or move", () => {
    const path = ["with", "headers"];
    expect(recordChanges("a", path, { x: 1, y: 2 }, { y: 2, x: 1 })).toEqual([
      { op: "set", node: "a", path, value: { y: 2, x: 1 } },
    ]);
    expect(recordChanges("a", path, undefined, { x: "" })).toEqual([{ op: "set", node: "a", path, value: { x: "" } }]);
    expect(recordChanges("a", path, { x: 1 }, {})).toEqual([{ op: "set", node: "a", path }]);
  });

  it("leave other entries of the same record alone", () => {
    expect(entryChanges("a", ["with"], { x: 1, y: [1], z: 0 }, { y: [1], z: 2, n: "" })).toEqual([
      { op: "set", node: "a", path: ["with", "x"] },
      { op: "set", node: "a", path: ["with", "z"], value: 2 },
      { op: "set", node: "a", path: ["with", "n"], value: "" },
    ]);
  });

  it("find a name that is free", () => {
    expect(freeName([], "value")).toBe("value");
    expect(freeName(["value", "value_2"], "value")).toBe("value_3");
  });

  it("take a value away when there is none", () => {
    expect(setting(null, ["model"], undefined)).toEqual({ op: "set", node: null, path: ["model"] });
    expect(setting(null, ["model"], null)).toEqual({ op: "set", node: null, path: ["model"], value: null });
  });
});

describe("findings at a field", () => {
  const findings = [
    { code: "a", message: "No.", next_step: "Do.", field: "with.headers.X" },
    { code: "b", message: "Late.", field: "withdrawn" },
  ];
  it("are those of the field and of what is inside it", () => {
    expect(findingAt(findings, ["with", "headers"])).toBe("No. Do.");
    expect(findingAt(findings, ["with", "head"])).toBeNull();
    expect(findingAt(findings, ["withdrawn"])).toBe("Late.");
  });
});

describe("models", () => {
  it("are one, or several with commas", () => {
    expect(readModels(" openai:a ")).toEqual({ value: "openai:a" });
    expect(readModels("openai:a, local:b,")).toEqual({ value: ["openai:a", "local:b"] });
    expect(readModels(" ")).toEqual({ nothing: true });
    expect(readModels("{{ inputs.a, 1 }}")).toEqual({ value: "{{ inputs.a, 1 }}" });
    expect(modelsText(["a", "b"])).toBe("a, b");
    expect(modelsText(undefined)).toBe("");
  });
});

describe("the picker", () => {
  const name = (expression: string, label: string, children: Name[] = []): Name => ({
    ...{ expression, label, type: "text", about: "", value: undefined, group: "Steps", kind: null },
    children: () => children,
  });
  const names = [name("a", "First", [name("a.title", "title"), name("a.body", "body")]), name("b", "Second")];
  const shown = (open: string[], search = "") => rowsOf(names, new Set(open), search).map((row) => row.name.expression);

  it("shows the tree as far as it is open", () => {
    expect(shown([])).toEqual(["a", "b"]);
    expect(shown(["a"])).toEqual(["a", "a.title", "a.body", "b"]);
  });

  it("finds names wherever they are", () => {
    expect(shown([], "TITLE")).toEqual(["a.title"]);
    expect(shown([], "a bo")).toEqual(["a.body"]);
    expect(shown([], "nothing")).toEqual([]);
  });

  it("previews values in a few words", () => {
    expect([undefined, [1], [1, 2], {}, "x".repeat(99), 4, null].map(preview)).toEqual([
      ...["", "1 item", "2 items", "", `${"x".repeat(59)}…`, "4", "null"],
    ]);
  });

  it("knows whether the cursor is within braces", () => {
    const text = "a {{ b }} c {{ d";
    expect([0, 5, 9, 16].map((at) => isInTemplate(text, at))).toEqual([false, true, false, true]);
  });
});

describe("routes and steps", () => {
  it("have a test under leads that need one, and none under others", () => {
    const route = { lead: "if" as const, test: "a", to: ["b"] };
    expect(withLead(route, "then", [])).toEqual({ lead: "then", to: ["b"] });
    expect(withLead({ lead: "then", to: ["b"] }, "when", ["outage"])).toEqual({
      lead: "when",
      test: "outage",
      to: ["b"],
    });
    expect(withLead({ lead: "then", to: ["b"] }, "if", [])).toEqual({ lead: "if", test: "true", to: ["b"] });
  });

  it("are found inside loops and among those for failures", () => {
    const step = (id: string, steps: never[] | { id: string; name: string; uses: string }[] = []) => ({
      ...{ id, name: id, uses: "set" },
      steps,
    });
    const spec = { title: "T", steps: [step("a", [step("b")])], errors: [step("c")] };
    expect(findStep(spec, "b")?.id).toBe("b");
    expect(findStep(spec, "c")?.id).toBe("c");
    expect(findStep(spec, "d")).toBeNull();
  });
});
