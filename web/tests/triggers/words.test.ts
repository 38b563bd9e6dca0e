import { describe, expect, it } from "vitest";
import { dayBefore, samplePayload, sizeWords, tickWords } from "@/triggers/words";
import { capital } from "@/ui/capital";

const TICK = {
  due_at: "2026-03-01T08:30:00Z",
  planned_at: "2026-03-01T08:30:00Z",
  state: "fired" as const,
  reason: null,
  run_id: null,
  status: null,
  fired_at: null,
  late_s: null,
  is_backfill: false,
};

describe("what became of a time", () => {
  it("says how late a run began, once that is a minute", () => {
    expect(tickWords({ ...TICK, late_s: 59 }).more).toBe("");
    expect(tickWords({ ...TICK, late_s: 150 })).toEqual({ word: "Started", tone: "good", more: "3 min late" });
    expect(tickWords({ ...TICK, late_s: 90_000, is_backfill: true }).more).toBe("filled in");
  });

  it("says why there was none, for reasons that are new to it too", () => {
    expect(tickWords({ ...TICK, state: "skipped", reason: "overlap" }).more).toBe("The run before was still going on");
    expect(tickWords({ ...TICK, state: "skipped", reason: "holiday" }).more).toBe("holiday");
    expect(tickWords({ ...TICK, state: "waiting" }).tone).toBe("warn");
  });
});

describe("other words", () => {
  it("counts days back over months", () => {
    expect(dayBefore(1, new Date(2026, 2, 1))).toBe("2026-02-28");
    expect(dayBefore(0, new Date(2026, 11, 31))).toBe("2026-12-31");
  });

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [1_048_576, "1024 KiB"],
  ])("%i bytes are %s", (bytes, words) => expect(sizeWords(bytes)).toBe(words));

  it("begins tests with what can be sent", () => {
    for (const kind of ["webhook", "form", "chat", "error"])
      expect(() => JSON.parse(samplePayload(kind))).not.toThrow();
    expect(capital("webhook /orders")).toBe("Webhook /orders");
    expect(capital("http.new_item, asked every hour")).toBe("http.new_item, asked every hour");
    expect(capital("")).toBe("");
  });
});
