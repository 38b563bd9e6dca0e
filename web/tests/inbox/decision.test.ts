import { describe, expect, it } from "vitest";
import { decisionOf, NOTHING_FILLED } from "@/inbox/decision";

describe("decisionOf", () => {
  it("retries from the step that failed unless another is chosen", () => {
    expect(decisionOf("retry", NOTHING_FILLED)).toEqual({
      decision: { action: "retry", version: "same", outputs: {} },
    });
    const filled = { ...NOTHING_FILLED, from: "send", version: "live" as const, outputs: '{"fetch": {"status": 200}}' };
    expect(decisionOf("retry", filled)).toEqual({
      decision: { action: "retry", version: "live", from: "send", outputs: { fetch: { status: 200 } } },
    });
  });

  it("takes an object of outputs and nothing else", () => {
    for (const outputs of ["[1]", "7", "null", "{"]) {
      expect(decisionOf("retry", { ...NOTHING_FILLED, outputs })).toHaveProperty("error");
    }
  });

  it("answers with any value that is JSON, null too", () => {
    expect(decisionOf("answer", { ...NOTHING_FILLED, output: "null" })).toEqual({
      decision: { action: "answer", version: "same", output: null },
    });
    expect(decisionOf("answer", NOTHING_FILLED)).toHaveProperty("error");
    expect(decisionOf("answer", { ...NOTHING_FILLED, output: "{status: 200}" })).toHaveProperty("error");
  });

  it("discards for a reason only", () => {
    expect(decisionOf("discard", { ...NOTHING_FILLED, reason: "  " })).toHaveProperty("error");
    expect(decisionOf("discard", { ...NOTHING_FILLED, reason: " Booked by hand " })).toEqual({
      decision: { action: "discard", reason: "Booked by hand" },
    });
  });
});
