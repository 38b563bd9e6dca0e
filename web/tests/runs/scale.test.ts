import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildScale } from "@/runs/scale";

const HOUR = 3_600_000;

describe("the time axis", () => {
  it("is even where nothing is cut", () => {
    const scale = buildScale(1_000, 2_000, [{ from: 1_000, to: 2_000 }]);
    expect(scale.cuts).toEqual([]);
    expect(scale.place(1_000)).toBe(0);
    expect(scale.place(1_500)).toBeCloseTo(0.5);
    expect(scale.place(2_000)).toBe(1);
    expect(scale.ticks.map(({ label }) => label)).toEqual(["0", "200 ms", "400 ms", "600 ms", "800 ms", null]);
  });

  it("marks less where labels need more room, and labels nothing that a cut would cover", () => {
    expect(buildScale(0, 1_000, [{ from: 0, to: 1_000 }], 0.25).ticks.map(({ label }) => label)).toEqual([
      "0",
      "500 ms",
      null,
    ]);
    const busy = [
      { from: 0, to: 450 },
      { from: 60_000, to: 60_500 },
    ];
    const { ticks } = buildScale(0, 60_500, busy);
    const labels = ticks.map(({ label }) => label);
    expect(labels.slice(0, 3)).toEqual(["0", "200 ms", null]);
  });

  it("cuts a long rest short, and keeps the rest readable", () => {
    const busy = [
      { from: 0, to: 2_000 },
      { from: 2 * HOUR, to: 2 * HOUR + 2_000 },
    ];
    const scale = buildScale(0, 2 * HOUR + 2_000, busy);
    expect(scale.cuts).toEqual([{ from: 2_000, to: 2 * HOUR }]);
    expect(scale.place(2_000)).toBeGreaterThan(0.4);
    expect(scale.place(2 * HOUR)).toBeLessThan(0.6);
  });

  it("does not cut what is short, or no more than the rest", () => {
    expect(buildScale(0, 4_000, [{ from: 0, to: 10 }]).cuts).toEqual([]);
    expect(buildScale(0, 30_000, [{ from: 0, to: 20_000 }]).cuts).toEqual([]);
  });

  it("keeps the order of times, within its bounds, whatever happened", () => {
    const time = fc.integer({ min: 0, max: 100 * HOUR });
    const span = fc.tuple(time, time).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
    fc.assert(
      fc.property(
        span,
        fc.array(span, { maxLength: 8 }),
        fc.array(time, { minLength: 2, maxLength: 20 }),
        (all, busy, times) => {
          const scale = buildScale(all.from, all.to, busy);
          const places = times.sort((a, b) => a - b).map(scale.place);
          for (const [i, place] of places.entries()) {
            expect(place).toBeGreaterThanOrEqual(0);
            expect(place).toBeLessThanOrEqual(1 + 1e-9);
            expect(place).toBeGreaterThanOrEqual((places[i - 1] ?? 0) - 1e-9);
          }
          expect(scale.ticks.length).toBeGreaterThan(0);
          expect(scale.ticks.length).toBeLessThan(30);
        },
      ),
    );
  });
});
