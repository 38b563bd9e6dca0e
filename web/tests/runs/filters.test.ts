import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Filters, filtersOf, hrefOf, isFiltered, NO_FILTERS, queryOf, STATUSES, TRIGGERS } from "@/runs/filters";

const NOW = new Date("2026-03-01T12:00:00Z");

function paramsOf(href: string): Record<string, string[]> {
  const params: Record<string, string[]> = {};
  for (const [name, value] of new URL(href, "http://here").searchParams) (params[name] ??= []).push(value);
  return params;
}

describe("filters in the address", () => {
  it("say nothing where nothing is filtered", () => {
    expect(hrefOf(NO_FILTERS)).toBe("/runs");
    expect(filtersOf({})).toEqual(NO_FILTERS);
    expect(isFiltered(NO_FILTERS)).toBe(false);
  });

  it("come back as they were", () => {
    const day = fc
      .date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    const time = fc.oneof(
      fc.constantFrom("all" as const, "1h" as const, "24h" as const, "7d" as const, "90d" as const),
      fc.record({ from: day, to: fc.option(day) }),
      fc.record({ from: fc.constant(null), to: day }),
    );
    const filters: fc.Arbitrary<Filters> = fc.record({
      statuses: fc.subarray([...STATUSES]),
      agents: fc.uniqueArray(fc.uuid(), { maxLength: 3 }),
      versions: fc.uniqueArray(fc.uuid(), { maxLength: 2 }),
      triggers: fc.subarray([...TRIGGERS]),
      time,
    });
    fc.assert(
      fc.property(filters, (some) => {
        expect(filtersOf(paramsOf(hrefOf(some)))).toEqual(some);
      }),
    );
  });

  it("leave out what is wrong", () => {
    const params = {
      status: ["failed", "nonsense"],
      agent: ["1", "x'y"],
      trigger: ["moon"],
      time: ["toString"],
      from: ["2026-99-99"],
    };
    expect(filtersOf(params)).toEqual({ ...NO_FILTERS, statuses: ["failed"] });
  });
});

describe("filters as the API takes them", () => {
  it("count back from now", () => {
    expect(queryOf({ ...NO_FILTERS, time: "24h" }, NOW)).toEqual({ since: "2026-02-28T12:00:00.000Z" });
  });

  it("take whole days of the person's zone, the last one included", () => {
    const { since, until } = queryOf({ ...NO_FILTERS, time: { from: "2026-02-01", to: "2026-02-28" } }, NOW);
    expect(since).toBe(new Date(2026, 1, 1).toISOString());
    expect(until).toBe(new Date(2026, 2, 1).toISOString());
  });

  it("name only what is asked for", () => {
    expect(queryOf({ ...NO_FILTERS, statuses: ["failed"], triggers: ["manual"] }, NOW)).toEqual({
      status: ["failed"],
      trigger: ["manual"],
    });
  });
});
