import { describe, expect, it } from "vitest";
import { deciders, outcomeWords, refusals } from "@/inbox/words";
import type { DecidedOrNot } from "@/inbox/types";

function refused(detail: string): DecidedOrNot {
  const problem = { code: "Conflict", status: 409, title: "Conflict", detail };
  return { run_id: "01900000-0000-7000-8000-000000000001", did: null, next_run_id: null, problem };
}

describe("words of the inbox", () => {
  it("say who decides", () => {
    expect(deciders({ who: "admin", not_author: false })).toBe("An admin or owner decides.");
    expect(deciders({ who: ["ada@example.org", "max@example.org"], not_author: true })).toBe(
      "ada@example.org or max@example.org decides; not whoever wrote this version or started the run.",
    );
  });

  it("count what was done", () => {
    expect(outcomeWords("retried", 1)).toBe("1 run retried.");
    expect(outcomeWords("discarded", 1200)).toBe("1,200 runs discarded.");
  });

  it("gather refusals by their reason, the commonest first", () => {
    const done: DecidedOrNot = { ...refused(""), did: "retried", problem: null };
    expect(refusals([refused("Gone."), done, refused("Busy."), refused("Busy.")])).toEqual([
      { message: "Busy.", count: 2 },
      { message: "Gone.", count: 1 },
    ]);
  });
});
