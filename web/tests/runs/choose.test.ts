import { describe, expect, it } from "vitest";
import { pathOf, pathsOf } from "@/runs/choose";
import { outlineOf } from "@/runs/outline";
import { fold, NO_TRACE } from "@/runs/trace";
import type { RunEvent } from "@/runs/types";
import { at, begun, FLOW, row, runOf } from "./events";

const OUTLINE = outlineOf(FLOW);
const stepsOf = (events: RunEvent[]) => fold(NO_TRACE, events).steps;
const chosen = (...events: RunEvent[]) => pathOf("read", { run: runOf(), steps: stepsOf(events) }, OUTLINE);
const failure = { kind: "rejected", message: "No." };

describe("choosing a turn", () => {
  it("lists the turns in their order, not in that of the journal", () => {
    const steps = stepsOf(
      ["each[10].read", "each[2].read", "each[2].rate"].map((path, i) => row(i + 1, path, "succeeded")),
    );
    expect(pathsOf("read", steps)).toEqual(["each[2].read", "each[10].read"]);
  });

  it("shows what failed first of all", () => {
    const failed = row(2, "each[1].read", "failed", { failure });
    expect(chosen(row(1, "each[0].read", "succeeded"), failed, begun("each[2].read", 1, at(3)))).toBe("each[1].read");
  });

  it("shows what is under way, else the last that was done", () => {
    const done = [row(1, "each[0].read", "succeeded"), row(2, "each[1].read", "succeeded")];
    expect(chosen(...done, begun("each[2].read", 1, at(3)))).toBe("each[2].read");
    expect(chosen(...done, row(3, "each[2].read", "skipped", { attempt: 0 }))).toBe("each[1].read");
  });

  it("shows the step itself where the run has not come to it", () => {
    expect(chosen()).toBe("read");
  });
});
