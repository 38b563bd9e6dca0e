import { describe, expect, it } from "vitest";
import { changedSteps, isSameAgent } from "@/versions/changes";
import { comparison, failedWords, ruleWords, verdict } from "@/versions/canary_words";
import type { ShadowReport, ShadowRun } from "@/versions/queries";
import { reportWords, runWords } from "@/versions/shadow_words";

function fared(ended: number, failed: number, p95_ms: number | null = 1200, cost_usd: number | null = 0.002) {
  return { ended, failed, p95_ms, cost_usd };
}

function canary(runs: ReturnType<typeof fared>, live_runs: ReturnType<typeof fared>) {
  return { runs, live_runs, least_runs: 20, margin: 0.1 };
}

describe("how a canary fares", () => {
  it("counts few runs, and gives shares of many", () => {
    expect([fared(0, 0), fared(12, 1), fared(120, 3)].map(failedWords)).toEqual(["–", "1 of 12", "2.5 % (3 of 120)"]);
  });

  it("compares line by line, and says where there are too few", () => {
    const lines = comparison(canary(fared(3, 0), fared(40, 1, 800, null)));
    expect(lines.map(({ candidate, live }) => [candidate, live])).toEqual([
      ["3", "40"],
      ["0 of 3", "2.5 % (1 of 40)"],
      ["too few to tell", "800 ms"],
      ["$0.002", "–"],
    ]);
  });

  it("judges by the margin, once there is enough to judge by", () => {
    const tones = [
      canary(fared(3, 3), fared(40, 0)),
      canary(fared(20, 0), fared(0, 0)),
      canary(fared(20, 5), fared(40, 0)),
      canary(fared(20, 1), fared(40, 0)),
      canary(fared(20, 0), fared(40, 0)),
      canary(fared(20, 0), fared(40, 4)),
    ].map((one) => verdict(one).tone);
    expect(tones).toEqual(["idle", "idle", "bad", "warn", "good", "good"]);
    expect(verdict(canary(fared(20, 0), fared(40, 4))).title).toBe(
      "Of a hundred runs, 10 fewer fail with the candidate.",
    );
  });

  it("says when it is rolled back by itself", () => {
    expect(ruleWords({ least_runs: 20, margin: 0.025 })).toContain("Once 20 of its runs have ended");
    expect(ruleWords({ least_runs: 20, margin: 0.025 })).toContain("over 2.5 more fail");
  });
});

const RUN: ShadowRun = {
  run_id: "r",
  version: 1,
  verdict: "different",
  reason: null,
  status: null,
  output: null,
  failure: null,
  cost_usd: null,
  differences: [],
  more: 0,
};

function report(same: number, different: number, failed: number, not_reached: string[] = []): ShadowReport {
  return { runs: Array.from({ length: same + different + failed }, () => RUN), same, different, failed, not_reached };
}

describe("what a shadow replay found", () => {
  it("is said of all runs together", () => {
    expect(reportWords(report(0, 0, 0))).toBe("No past run is like that.");
    expect(reportWords(report(1, 0, 0))).toBe("The run would come to the same.");
    expect(reportWords(report(0, 8, 0, ["x"]))).toBe(
      "All 8 runs would come to something else. For 1 more there was no time.",
    );
    expect(reportWords(report(3, 0, 2))).toBe("Of 5 runs, 3 would come to the same, 2 would fail.");
  });

  it("is said of each run", () => {
    expect(runWords({ ...RUN, reason: "Its inputs do not fit." })).toBe("Its inputs do not fit.");
    const ends = { before: "failed", after: "succeeded" };
    expect(runWords({ ...RUN, status: ends, more: 2, cost_usd: { before: 0.01, after: 0 } })).toBe(
      "It failed, and would have succeeded. 2 steps are not as they were. Its model calls: $0.01 instead of $0.",
    );
  });
});

describe("what changed step by step", () => {
  it("has settings as they were and as they are", () => {
    const [changed, moved, added, gone] = changedSteps({
      changed: [
        {
          id: "a",
          name: "Ask",
          fields: [
            { field: "with.max_tokens", before: 10, after: { most: 20 } },
            { field: "if", after: "x" },
          ],
        },
        { id: "b", name: "Book", moved: true },
      ],
      added: [{ id: "c", name: "Count", uses: "set" }],
      removed: [{ id: "d", name: "Drop", uses: "filter" }],
    });
    expect(changed?.settings).toEqual([
      { name: "max tokens", before: "10", after: '{\n "most": 20\n}' },
      { name: "if", before: null, after: "x" },
    ]);
    expect([changed, moved, added, gone].map((step) => step?.how)).toEqual(["changed", "moved", "new", "gone"]);
  });

  it("is nothing where only the wording differs", () => {
    expect([isSameAgent({}), isSameAgent({ summary: ["New input name."] })]).toEqual([true, false]);
  });
});
