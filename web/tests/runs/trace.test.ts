import { describe, expect, it } from "vitest";
import { fold, lastAttempt, NO_TRACE, spanOf } from "@/runs/trace";
import type { RunEvent } from "@/runs/types";
import { at, begun, row, said } from "./events";

const traced = (...events: RunEvent[]) => fold(NO_TRACE, events);

describe("folding a run's events", () => {
  it("keeps what a step gave, and when it was under way", () => {
    const step = traced(row(1, "fetch", "succeeded", { at: at(5), took_ms: 3_000, output: { a: 1 } })).steps.get(
      "fetch",
    );
    expect(step).toMatchObject({ path: "fetch", node: "fetch", status: "succeeded" });
    expect(step && spanOf(step)).toEqual({ from: Date.parse(at(2)), to: Date.parse(at(5)) });
    expect(step && lastAttempt(step)?.output).toEqual({ a: 1 });
  });

  it("keeps every attempt, in order, and the status of the last", () => {
    const failure = { kind: "retry", message: "The server did not answer." };
    const { steps } = traced(
      row(1, "fetch", "failed", { attempt: 1, at: at(1), took_ms: 500, failure }),
      row(2, "fetch", "failed", { attempt: 2, at: at(3), took_ms: 500, failure }),
      row(3, "fetch", "succeeded", { attempt: 3, at: at(7), took_ms: 500 }),
    );
    const step = steps.get("fetch");
    expect(step?.attempts.map(({ number, status }) => [number, status])).toEqual([
      [1, "failed"],
      [2, "failed"],
      [3, "succeeded"],
    ]);
    expect(step?.status).toBe("succeeded");
  });

  it("shows a step as running from what passes, until its row arrives", () => {
    const running = traced(begun("fetch", 1, at(1)));
    expect(running.steps.get("fetch")?.status).toBe("running");
    expect(running.seq).toBe(0);
    const ended = fold(running, [row(1, "fetch", "succeeded", { at: at(4), took_ms: 2_900 })]);
    const step = ended.steps.get("fetch");
    expect(step && spanOf(step)).toEqual({ from: Date.parse(at(1)), to: Date.parse(at(4)) });
  });

  it("takes an intent for the beginning", () => {
    const { steps } = traced(
      row(1, "mail", "started", { at: at(1) }),
      row(2, "mail", "succeeded", { at: at(9), took_ms: 1 }),
    );
    const step = steps.get("mail");
    expect(step?.attempts).toHaveLength(1);
    expect(step && spanOf(step).from).toBe(Date.parse(at(1)));
  });

  it("notes a wait, and its end when the step goes on", () => {
    const waiting = traced(row(1, "pause", "waiting", { at: at(1), wake_at: at(60) }));
    expect(waiting.steps.get("pause")).toMatchObject({
      status: "waiting",
      attempts: [{ waits: [{ from: Date.parse(at(1)), to: null, until: Date.parse(at(60)) }] }],
    });
    const woken = fold(waiting, [row(2, "pause", "succeeded", { at: at(61), took_ms: 1_000 })]);
    expect(woken.steps.get("pause")?.attempts[0]?.waits).toEqual([
      { from: Date.parse(at(1)), to: Date.parse(at(60)), until: Date.parse(at(60)) },
    ]);
  });

  it("joins what a model says, and begins anew when the step is told of again", () => {
    const first = traced(begun("write", 1, at(1)), said("write", "Once "), said("write", "upon"));
    expect(first.deltas.get("write")).toBe("Once upon");
    const again = fold(first, [begun("write", 1, at(2)), said("write", "A fresh start")]);
    expect(again.deltas.get("write")).toBe("A fresh start");
    const ended = fold(again, [row(1, "write", "succeeded", { at: at(3) })]);
    expect(ended.deltas.has("write")).toBe(false);
  });

  it("is not moved by rows it has, by news of an attempt that has ended, or by another run's state", () => {
    const events = [
      row(1, "fetch", "failed", { attempt: 1, at: at(1) }),
      row(2, "fetch", "succeeded", { attempt: 2, at: at(2) }),
    ];
    const trace = traced(...events);
    const late = fold(trace, [...events, begun("fetch", 1, at(3)), said("fetch", "late"), begun("fetch", 2, at(3))]);
    expect(late.steps.get("fetch")).toEqual(trace.steps.get("fetch"));
    expect(late.deltas.size).toBe(0);
    expect(fold(trace, [{ type: "run", status: "running" }]).steps.size).toBe(1);
  });

  it("lets the planner's word on a step that was taken stand last", () => {
    const failure = { kind: "rejected", message: "The condition cannot be worked out." };
    const { steps } = traced(
      row(1, "look", "succeeded", { at: at(1) }),
      row(2, "look", "failed", { attempt: 0, at: at(1), failure }),
    );
    expect(steps.get("look")?.status).toBe("failed");
    expect(lastAttempt(steps.get("look") ?? ({ attempts: [] } as never))?.failure).toEqual(failure);
  });

  it("does not claim to know when a loop began", () => {
    const loop = traced(row(1, "each", "succeeded", { attempt: 0, at: at(9) })).steps.get("each");
    expect(loop && spanOf(loop)).toEqual({ from: null, to: Date.parse(at(9)) });
  });

  it("leaves the trace before as it was", () => {
    const before = traced(begun("fetch", 1, at(1)));
    fold(before, [row(1, "fetch", "succeeded", { at: at(2) }), begun("next", 1, at(2))]);
    expect(before.steps.get("fetch")?.status).toBe("running");
    expect(before.steps.size).toBe(1);
  });
});

it("keeps apart what happened within a millisecond", () => {
  const { steps } = fold(NO_TRACE, [
    row(1, "first", "succeeded", { at: "2026-03-01T08:30:00.000400+00:00", took_ms: 0.1 }),
    row(2, "second", "succeeded", { at: "2026-03-01T08:30:00.000900+00:00", took_ms: 0.2 }),
  ]);
  const [first, second] = ["first", "second"].map((path) => steps.get(path)?.attempts[0]?.begun_at ?? 0);
  expect((second ?? 0) - (first ?? 0)).toBeCloseTo(0.4, 3);
});
