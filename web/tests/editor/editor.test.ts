import { describe, expect, it } from "vitest";
import type { Finding } from "@/document/types";
import { isPressed } from "@/editor/actions";
import { fileName } from "@/editor/download";
import { countWords, inOrder } from "@/editor/findings";
import { lastValuesOf } from "@/editor/last_values";
import { closeSide, createEditorStore, openSide, showSelected } from "@/editor/state";
import { fold, NO_TRACE } from "@/runs/trace";
import type { Run, RunEvent } from "@/runs/types";

const finding = (message: string, more: Partial<Finding> = {}): Finding => ({ code: "x", message, ...more });

describe("findings in words", () => {
  it("counts errors and warnings", () => {
    const warning = finding("b", { severity: "warning" });
    expect(countWords([])).toBeNull();
    expect(countWords([finding("a")])).toBe("1 error");
    expect(countWords([warning, warning])).toBe("2 warnings");
    expect(countWords([finding("a"), finding("c"), warning])).toBe("2 errors and 1 warning");
  });

  it("puts errors first, then goes by the text", () => {
    const all = [
      finding("late", { line: 9 }),
      finding("warning", { severity: "warning", line: 1 }),
      finding("nowhere"),
      finding("early", { line: 2 }),
    ];
    expect(inOrder(all).map((one) => one.message)).toEqual(["early", "late", "nowhere", "warning"]);
  });
});

describe("keys", () => {
  const pressed = (key: string, more: Partial<KeyboardEvent> = {}) => ({
    ...{ key, metaKey: false, ctrlKey: false, shiftKey: false, altKey: false },
    ...more,
  });
  it("take Ctrl or Cmd for Mod, and mind Shift", () => {
    expect(isPressed("Mod+Enter", pressed("Enter", { ctrlKey: true }))).toBe(true);
    expect(isPressed("Mod+Enter", pressed("Enter", { metaKey: true }))).toBe(true);
    expect(isPressed("Mod+Enter", pressed("Enter"))).toBe(false);
    expect(isPressed("Mod+Z", pressed("Z", { ctrlKey: true, shiftKey: true }))).toBe(false);
    expect(isPressed("Mod+Shift+Z", pressed("Z", { ctrlKey: true, shiftKey: true }))).toBe(true);
    expect(isPressed("Mod+S", pressed("s", { ctrlKey: true, altKey: true }))).toBe(false);
    expect(isPressed(undefined, pressed("s", { ctrlKey: true }))).toBe(false);
  });
});

describe("the panel", () => {
  it("comes up with a selection until it is put away", () => {
    const store = createEditorStore();
    showSelected(store, null);
    expect(store.getState().side).toBeNull();
    showSelected(store, "a");
    expect(store.getState().side).toBe("settings");
    closeSide(store);
    showSelected(store, "b");
    expect(store.getState().side).toBeNull();
    openSide(store, "run");
    expect(store.getState()).toMatchObject({ side: "run", tab: "run" });
    showSelected(store, "b");
    expect(store.getState().side).toBe("settings");
  });
});

describe("what the last run gave", () => {
  const row = (seq: number, path: string, status: string, output: unknown) =>
    ({ type: "step", seq, path, attempt: 1, status, output, at: "2026-01-01T00:00:00Z" }) as unknown as RunEvent;
  const run = { inputs: { a: 1 }, trigger: { kind: "manual" } } as unknown as Run;

  it("is the newest output of each step, in loops of the last round", () => {
    const { steps } = fold(NO_TRACE, [
      row(1, "fetch", "succeeded", { status: 200 }),
      row(2, "each[0].read", "succeeded", "first"),
      row(3, "each[1].read", "succeeded", "second"),
      row(4, "send", "failed", null),
    ]);
    expect(lastValuesOf({ run, steps })).toEqual({
      steps: { fetch: { status: 200 }, read: "second" },
      inputs: { a: 1 },
      trigger: { kind: "manual" },
    });
  });

  it("is nothing before there is a run", () => {
    expect(lastValuesOf({ run: null, steps: new Map() })).toBeNull();
  });
});

describe("the name of a file", () => {
  it.each([
    ["Daily digest!", "daily-digest.md"],
    ["  Größe & Co  ", "größe-co.md"],
    ["???", "agent.md"],
  ])("%j", (title, name) => {
    expect(fileName(title)).toBe(name);
  });
});
