import { describe, expect, it } from "vitest";
import { outlineOf } from "@/runs/outline";
import { answerOf, statesOf } from "@/runs/states";
import { fold, NO_TRACE } from "@/runs/trace";
import type { Run, RunEvent } from "@/runs/types";
import { at, begun, FLOW, row, runOf } from "./events";

const OUTLINE = outlineOf(FLOW);

function states(events: RunEvent[], run: Run = runOf()) {
  return statesOf({ run, steps: fold(NO_TRACE, events).steps }, OUTLINE);
}

describe("the states that light the canvas", () => {
  it("tell how long a step took, and which attempt it was", () => {
    const failure = { kind: "retry", message: "No answer." };
    const { fetch } = states([
      row(1, "fetch", "failed", { at: at(1), took_ms: 1_000, failure }),
      row(2, "fetch", "succeeded", { attempt: 2, at: at(4), took_ms: 1_000 }),
    ]);
    expect(fetch).toEqual({ status: "succeeded", attempt: 2, took_ms: 4_000, cost_usd: undefined });
  });

  it("say what a model's answer cost, and take no other output for one", () => {
    const usage = { model: "m", usage: { input_tokens: 1 }, cost_usd: 0.25 };
    expect(states([row(1, "rate", "succeeded", { output: usage })]).rate?.cost_usd).toBe(0.25);
    expect(states([row(1, "fetch", "succeeded", { output: { cost_usd: 9 } })]).fetch?.cost_usd).toBeUndefined();
  });

  it("tell a model's words from other outputs", () => {
    const answer = { text: " Once upon a time. ", model: "m", usage: {}, cost_usd: 0 };
    expect(answerOf(answer)).toBe("Once upon a time.");
    expect(answerOf({ ...answer, data: { title: "Once" } })).toBeNull();
    expect(answerOf({ text: "a page" })).toBeNull();
    expect(answerOf(null)).toBeNull();
  });

  it("count the turns of a loop for the loop and for what is inside", () => {
    const found = states([
      begun("each", 0, at(0)),
      row(1, "each[0].read", "succeeded"),
      row(2, "each[0].rate", "succeeded"),
      row(3, "each[1].read", "failed", { failure: { kind: "rejected", message: "No." } }),
      begun("each[2].read", 1, at(4)),
    ]);
    expect(found.each).toMatchObject({ status: "running", items: { done: 2, total: undefined, failed: 1 } });
    expect(found.read).toMatchObject({ status: "running", items: { done: 2, total: 3, failed: 1 } });
    expect(found.rate).toMatchObject({ status: "succeeded", items: { done: 1, total: 1, failed: 0 } });
  });

  it("do not count the turns that left a step out", () => {
    const { rate } = states([row(1, "each[0].rate", "skipped", { attempt: 0 }), row(2, "each[1].rate", "succeeded")]);
    expect(rate?.items).toEqual({ done: 1, total: 1, failed: 0 });
  });

  it("know how many items there were once the loop has ended", () => {
    const { each } = states([
      row(1, "each[0].read", "succeeded"),
      row(2, "each", "succeeded", { attempt: 0, output: { results: [1], errors: [], count: 7 } }),
    ]);
    expect(each?.items).toEqual({ done: 1, total: 7, failed: 0 });
  });

  it("mark the step that a person is asked about, and what a run's end cut off", () => {
    const started = [row(1, "mail", "started")];
    expect(states(started, runOf({ status: "waiting", ask: "mail" })).mail?.status).toBe("asking");
    expect(states(started, runOf({ status: "cancelled" })).mail?.status).toBe("cancelled");
  });

  it("leave out what the run has not come to", () => {
    expect(Object.keys(states([row(1, "fetch", "succeeded")]))).toEqual(["fetch"]);
  });
});
