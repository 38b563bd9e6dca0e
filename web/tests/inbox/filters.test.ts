import { describe, expect, it } from "vitest";
import { filtersOf, hrefOf, isFiltered, NO_FILTERS, tabOf } from "@/inbox/filters";

const AGENT = "01900000-0000-7000-8000-000000000002";

describe("the inbox's address", () => {
  it("says the tab and the filters, and is read back", () => {
    const filters = { causes: ["step_failed", "timed_out"] as const, agents: [AGENT] };
    const href = hrefOf("runs", filters);
    expect(href).toBe(`/inbox?tab=runs&cause=step_failed&cause=timed_out&agent=${AGENT}`);
    expect(filtersOf({ cause: ["timed_out", "step_failed"], agent: [AGENT] })).toEqual(filters);
    expect(isFiltered(filters)).toBe(true);
  });

  it("leaves out what it says wrongly", () => {
    expect(filtersOf({ cause: ["bad luck"], agent: ["me", AGENT, AGENT] })).toEqual({ causes: [], agents: [AGENT] });
    expect(tabOf({ tab: ["elsewhere"] })).toBeNull();
    expect(tabOf({})).toBeNull();
    expect(tabOf({ tab: ["runs"] })).toBe("runs");
    expect(isFiltered(NO_FILTERS)).toBe(false);
  });
});
