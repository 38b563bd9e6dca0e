import { describe, expect, it } from "vitest";
import { outlineOf } from "@/runs/outline";
import { busyOf, rowsOf, toUnfold, treeOf } from "@/runs/timeline";
import { fold, NO_TRACE } from "@/runs/trace";
import type { Run, RunEvent } from "@/runs/types";
import { at, begun, FLOW, row, runOf } from "./events";

const OUTLINE = outlineOf(FLOW);
const NO_FOLDS: ReadonlyMap<string, boolean> = new Map();
const ms = (seconds: number) => Date.parse(at(seconds));

function rows(events: RunEvent[], run: Run = runOf(), folds = NO_FOLDS) {
  return rowsOf(treeOf({ run, steps: fold(NO_TRACE, events).steps }, OUTLINE), OUTLINE, folds);
}

function turns(count: number): RunEvent[] {
  return Array.from({ length: count }, (_, i) => [
    row(2 * i + 1, `each[${i}].read`, "succeeded", { at: at(2 * i + 1), took_ms: 1_000 }),
    row(2 * i + 2, `each[${i}].rate`, "succeeded", { at: at(2 * i + 2), took_ms: 1_000 }),
  ]).flat();
}

describe("the rows of a timeline", () => {
  it("have one bar per attempt, and show the pause between them", () => {
    const failure = { kind: "retry", message: "No answer." };
    const [only] = rows([
      row(1, "fetch", "failed", { at: at(1), took_ms: 1_000, failure }),
      row(2, "fetch", "succeeded", { attempt: 2, at: at(5), took_ms: 1_000 }),
    ]);
    expect(only?.bars).toEqual([
      { from: ms(0), to: ms(1), look: "work", status: "failed", attempt: 1 },
      { from: ms(1), to: ms(4), look: "gap", status: "waiting", attempt: 2 },
      { from: ms(4), to: ms(5), look: "work", status: "succeeded", attempt: 2 },
    ]);
    expect(only).toMatchObject({ label: "Fetch the page", kind: "http", attempts: 2, isOpen: null });
  });

  it("show a failure that is retried as one, for as long as it is", () => {
    const failed = (attempt: number) =>
      row(1, "fetch", "failed", { attempt, failure: { kind: "retry", message: "No." } });
    expect(rows([failed(2)])[0]?.status).toBe("retrying");
    expect(rows([failed(2)])[0]?.bars.at(-1)).toMatchObject({ look: "gap", to: null });
    expect(rows([failed(3)])[0]?.status).toBe("failed");
    expect(rows([failed(2)], runOf({ status: "failed", finished_at: at(2) }))[0]?.status).toBe("failed");
  });

  it("shade what waits", () => {
    const [only] = rows([
      row(1, "pause", "waiting", { at: at(1), wake_at: at(60) }),
      row(2, "pause", "succeeded", { at: at(60), took_ms: 0 }),
    ]);
    expect(only?.bars).toEqual([{ from: ms(1), to: ms(60), look: "wait", status: "waiting", attempt: 1 }]);
  });

  it("nest turns in their loop and steps in their turn", () => {
    const found = rows([...turns(2), row(9, "each", "succeeded", { attempt: 0, at: at(4) })]);
    expect(found.map(({ key, depth, label }) => [key, depth, label])).toEqual([
      ["each", 0, "For each post"],
      ["each[0]", 1, "Item 1"],
      ["each[0].read", 2, "Read it"],
      ["each[0].rate", 2, "Rate it"],
      ["each[1]", 1, "Item 2"],
      ["each[1].read", 2, "Read it"],
      ["each[1].rate", 2, "Rate it"],
    ]);
    expect(found[0]).toMatchObject({ from: ms(0), to: ms(4), turns: { count: 2, failed: 0 }, isOpen: true });
    expect(found[1]).toMatchObject({ path: "each[0]", from: ms(0), to: ms(2), status: "succeeded" });
  });

  it("put the step and its turn into one row where it is all of the turn", () => {
    const found = rows([row(1, "poll[0].ask", "succeeded"), row(2, "poll[1].ask", "succeeded")]);
    expect(found.map(({ key, turn, label }) => [key, turn, label])).toEqual([
      ["poll", null, "Ask until done"],
      ["poll[0].ask", "Round 1", "ask"],
      ["poll[1].ask", "Round 2", "ask"],
    ]);
  });

  it("fold the turns of longer loops, and very long loops", () => {
    expect(rows(turns(5)).map(({ key }) => key)).toEqual(["each", ...[0, 1, 2, 3, 4].map((i) => `each[${i}]`)]);
    expect(rows(turns(100)).map(({ key }) => key)).toEqual(["each"]);
    const unfolded = new Map(toUnfold("each[42].rate").map((key) => [key, true]));
    const found = rows(turns(100), runOf(), unfolded);
    expect(found).toHaveLength(1 + 100 + 2);
    expect(found.map(({ key }) => key)).toContain("each[42].rate");
  });

  it("know what goes on in a loop that has not ended", () => {
    const [loop, , turn] = rows([...turns(1), begun("each", 0, at(0)), begun("each[1].read", 1, at(3))]);
    expect(loop).toMatchObject({ status: "running", to: null });
    expect(turn?.key).toBe("each[0].read");
    expect(rows([...turns(1), begun("each[1].read", 1, at(3))])[0]).toMatchObject({ status: "running", to: null });
  });

  it("end with the run what the run's end cut off", () => {
    const [only] = rows([begun("fetch", 1, at(1))], runOf({ status: "cancelled", finished_at: at(4) }));
    expect(only).toMatchObject({ status: "cancelled", to: ms(4), bars: [{ from: ms(1), to: ms(4) }] });
  });

  it("stand in the order in which steps began, whatever came first in the journal", () => {
    const found = rows([
      row(1, "quick", "succeeded", { at: at(2), took_ms: 500 }),
      row(2, "slow", "succeeded", { at: at(9), took_ms: 9_000 }),
      row(3, "left-out", "skipped", { attempt: 0, at: at(2) }),
    ]);
    expect(found.map(({ key }) => key)).toEqual(["slow", "quick", "left-out"]);
    expect(found[2]).toMatchObject({ status: "skipped", bars: [] });
  });

  it("tell when something worked, without loops and waits", () => {
    const steps = fold(NO_TRACE, [
      ...turns(1),
      row(8, "pause", "waiting", { at: at(5), wake_at: at(90) }),
      begun("fetch", 1, at(7)),
    ]).steps;
    expect(busyOf(treeOf({ run: runOf(), steps }, OUTLINE), ms(8))).toEqual([
      { from: ms(0), to: ms(1) },
      { from: ms(1), to: ms(2) },
      { from: ms(7), to: ms(8) },
    ]);
  });
});
