import { describe, expect, it } from "vitest";
import { keyStep } from "@/runs/keys";
import type { TimelineRow } from "@/runs/timeline";

const row = (key: string, depth: number, isOpen: boolean | null): TimelineRow => ({
  key,
  depth,
  isOpen,
  label: key,
  turn: null,
  kind: null,
  status: "succeeded",
  path: key,
  from: null,
  to: null,
  bars: [],
  attempts: 1,
  turns: null,
});

const ROWS = [
  row("fetch", 0, null),
  row("each", 0, true),
  row("each[0]", 1, false),
  row("each[1]", 1, false),
  row("end", 0, null),
];

describe("the keys of the timeline", () => {
  it.each([
    ["ArrowDown", -1, { select: "fetch" }],
    ["ArrowDown", 0, { select: "each" }],
    ["ArrowDown", 4, { select: "end" }],
    ["ArrowUp", -1, { select: "end" }],
    ["ArrowUp", 0, { select: "fetch" }],
    ["Home", 3, { select: "fetch" }],
    ["End", 0, { select: "end" }],
    ["Escape", 2, { select: null }],
    ["Escape", -1, null],
    ["ArrowRight", 2, { fold: { key: "each[0]", isOpen: true } }],
    ["ArrowRight", 1, { select: "each[0]" }],
    ["ArrowRight", 0, null],
    ["ArrowLeft", 1, { fold: { key: "each", isOpen: false } }],
    ["ArrowLeft", 3, { select: "each" }],
    ["ArrowLeft", 0, null],
    ["ArrowRight", -1, null],
    ["x", 0, null],
  ])("%s at row %i", (key, at, act) => {
    expect(keyStep(key, ROWS, at)).toEqual(act);
  });
});
