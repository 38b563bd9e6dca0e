import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Filters, filtersOf, groupOf, hrefOf, MOST_DAYS, timesOf, USUAL } from "@/figures/period";

const NOW = new Date("2026-03-05T12:34:56Z");
const DAY_MS = 86_400_000;

function paramsOf(href: string): Record<string, string[]> {
  const params: Record<string, string[]> = {};
  for (const [name, value] of new URL(href, "http://here").searchParams) (params[name] ??= []).push(value);
  return params;
}

const day = fc
  .date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const period: fc.Arbitrary<Filters["period"]> = fc.oneof(
  fc.constantFrom("24h" as const, "7d" as const, "30d" as const, "90d" as const),
  fc.record({ from: day, to: fc.option(day) }),
  fc.record({ from: fc.constant(null), to: day }),
);

describe("figures in the address", () => {
  it("are the usual ones where it says nothing, or nonsense", () => {
    expect(hrefOf(USUAL)).toBe("/figures");
    expect(filtersOf({})).toEqual(USUAL);
    expect(filtersOf({ time: ["1h"], agent: ["x"], by: ["weather"] })).toEqual(USUAL);
  });

  it("come back as they were", () => {
    const filters = fc.record({
      period,
      agents: fc.uniqueArray(fc.uuid(), { maxLength: 3 }),
      group: fc.option(fc.constantFrom("agent" as const, "version" as const, "step" as const, "model" as const)),
    });
    fc.assert(
      fc.property(filters, (some) => {
        expect(filtersOf(paramsOf(hrefOf(some)))).toEqual(some);
      }),
    );
  });

  it("begin with the versions of an agent that is alone", () => {
    expect(groupOf(USUAL)).toBe("agent");
    expect(groupOf({ ...USUAL, agents: ["a"] })).toBe("version");
    expect(groupOf({ ...USUAL, agents: ["a"], group: "step" })).toBe("step");
  });
});

describe("times", () => {
  it("are whole hours, or days with today among them, and the same ones before", () => {
    expect(timesOf("24h", NOW)).toEqual({
      since: "2026-03-04T13:00:00.000Z",
      until: NOW.toISOString(),
      each: "hour",
      before: { since: "2026-03-03T13:00:00.000Z", until: "2026-03-04T12:34:56.000Z" },
    });
    expect(timesOf("7d", NOW)).toEqual({
      since: "2026-02-27T00:00:00.000Z",
      until: NOW.toISOString(),
      each: "day",
      before: { since: "2026-02-20T00:00:00.000Z", until: "2026-02-26T12:34:56.000Z" },
    });
  });

  it("take chosen days with the last one, few of them by the hour", () => {
    const { since, until, each, before } = timesOf({ from: "2026-03-01", to: "2026-03-02" }, NOW);
    expect([since, until, each]).toEqual(["2026-03-01T00:00:00.000Z", "2026-03-03T00:00:00.000Z", "hour"]);
    expect(before).toEqual({ since: "2026-02-27T00:00:00.000Z", until: "2026-03-01T00:00:00.000Z" });
    expect(timesOf({ from: "2026-02-01", to: null }, NOW).each).toBe("day");
  });

  it("always have an end after the beginning, and no more bars than are drawn", () => {
    fc.assert(
      fc.property(period, (some) => {
        const { since, until, before } = timesOf(some, NOW);
        const length = Date.parse(until) - Date.parse(since);
        expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(MOST_DAYS * DAY_MS);
        expect(Date.parse(until)).toBeLessThanOrEqual(NOW.getTime());
        expect(Date.parse(before.until) - Date.parse(before.since)).toBe(length);
        expect(Date.parse(before.until)).toBeLessThanOrEqual(Date.parse(since));
      }),
    );
  });
});
