import { describe, expect, it } from "vitest";
import { changeOf, formatShare, pointsOf, shareOf } from "@/figures/change";
import { everyNth } from "@/figures/chart/ticks";
import { lastDay, monthCosts, startOfMonth } from "@/figures/month";
import { costs, durations, momentsOf, outcomes, stacked, sumOf } from "@/figures/series";
import { pressed, sorted } from "@/figures/sorting";

const NONE = { at: null, agent: null, version: null, version_id: null, p50_ms: null, p95_ms: null };
const SPAN = { since: "2026-03-01T00:00:00Z", until: "2026-03-03T13:00:00Z" };
const day = (date: number) => `2026-03-0${date}T00:00:00Z`;
const ran = (at: string, succeeded: number, failed: number) => ({
  ...NONE,
  at,
  runs: succeeded + failed,
  succeeded,
  failed,
  cancelled: 0,
  tokens: 0,
  cost_usd: 0,
  p50_ms: 100 * succeeded,
  p95_ms: 1000,
});
const called = (at: string, model: string, cost_usd: number) => ({
  ...NONE,
  at,
  model,
  cost_usd,
  node: null,
  provider: "vendor",
  calls: 1,
  failed: 0,
  unpriced: 0,
  input_tokens: 0,
  output_tokens: 0,
  cached_tokens: 0,
  reasoning_tokens: 0,
});

describe("changes", () => {
  it("say by how much, and which way", () => {
    expect(changeOf(12, 10)).toEqual({ words: "20 %", way: "up" });
    expect(changeOf(5, 10)).toEqual({ words: "50 %", way: "down" });
    expect(changeOf(10.01, 10)).toEqual({ words: "as before", way: null });
    expect(changeOf(120, 10)).toEqual({ words: "12 times as much", way: "up" });
    expect(changeOf(3, 0)?.words).toBe("none before");
    expect(changeOf(null, 3)).toBeNull();
    expect(pointsOf(0.1, 0.125)).toEqual({ words: "2.5 points", way: "down" });
  });

  it("show shares so that none is rounded to nothing or to all", () => {
    expect([0, 0.0004, 0.004, 0.123, 0.9996, 1].map(formatShare)).toEqual([
      "0 %",
      "<0.1 %",
      "0.4 %",
      "12 %",
      ">99.9 %",
      "100 %",
    ]);
    expect(shareOf(0, 0)).toBeNull();
  });
});

describe("series", () => {
  const at = momentsOf(SPAN, "day");

  it("have a value for every day, also for those on which nothing ended", () => {
    expect(at).toEqual([1, 2, 3].map((date) => Date.parse(day(date))));
    expect(momentsOf(SPAN, "hour")).toHaveLength(61);
    const [good, bad] = outcomes(at, [ran(day(1), 3, 1), ran(day(3), 2, 0)]);
    expect([good?.values, bad?.values]).toEqual([
      [3, 0, 2],
      [1, 0, 0],
    ]);
    const [half] = durations(at, [ran(day(1), 3, 1), ran(day(3), 2, 0)]);
    expect(half?.values).toEqual([300, null, 200]);
  });

  it("stand on one another", () => {
    expect(stacked(outcomes(at, [ran(day(2), 3, 1)]))).toEqual([
      [0, 3, 0],
      [0, 4, 0],
      [0, 4, 0],
    ]);
  });

  it("show the costliest models, the others together, and leave out what was free", () => {
    const sums = [1, 2, 3, 4, 5, 6, 7].map((cost) => called(day(1), `m${cost}`, cost));
    const found = costs(at, [...sums, called(day(1), "free", 0)]);
    expect(found.map(({ name }) => name)).toEqual(["m7", "m6", "m5", "m4", "m3", "Other models"]);
    expect(found.map(sumOf)).toEqual([7, 6, 5, 4, 3, 3]);
  });

  it("are named along the axis as far as there is room", () => {
    expect(everyNth(4, 10)).toEqual([0, 1, 2, 3]);
    expect(everyNth(7, 3)).toEqual([0, 3, 6]);
    expect(everyNth(24, 0.2)).toEqual([23]);
  });
});

describe("sorting", () => {
  it("puts rows without a value last, either way", () => {
    const rows = [1, null, 3];
    expect(sorted(rows, (value) => value, true)).toEqual([3, 1, null]);
    expect(sorted(rows, (value) => value, false)).toEqual([1, 3, null]);
    expect(sorted(["b", "A", "c"], (value) => value, false)).toEqual(["A", "b", "c"]);
  });

  it("begins with the largest number, or with A, and turns round", () => {
    expect(pressed({ by: "runs", isDown: true }, "cost", false)).toEqual({ by: "cost", isDown: true });
    expect(pressed({ by: "runs", isDown: true }, "name", true)).toEqual({ by: "name", isDown: false });
    expect(pressed({ by: "runs", isDown: true }, "runs", false)).toEqual({ by: "runs", isDown: false });
  });
});

describe("the month", () => {
  const NOW = new Date("2026-11-21T00:00:00Z");
  const agent = (id: string, month: number, perDay: number | null, created_at = "2026-01-01T00:00:00Z") => ({
    id,
    name: id,
    created_at,
    cost_month_usd: month,
    cost_today_usd: 0,
    cost_per_day_usd: perDay,
  });
  const cost = (id: string | null, cost_usd: number) => ({
    agent: id === null ? null : { id, name: id, slug: id },
    cost_usd,
  });

  it("goes on at the pace of the last seven days, held by what may be spent in a day", () => {
    const known = [agent("free", 10, null), agent("held", 10, 0.5), agent("new", 2, null, "2026-11-19T00:00:00Z")];
    const week = [cost("free", 14), cost("held", 14), cost("new", 2)];
    const { agents, so_far, by_end } = monthCosts(known, [], week, NOW);
    expect(agents.map(({ id, by_end }) => [id, by_end])).toEqual([
      ["free", 30],
      ["held", 15],
      ["new", 12],
    ]);
    expect([so_far, by_end]).toEqual([22, 57]);
  });

  it("counts drafts on, and agents that are gone as they were", () => {
    const { agents } = monthCosts([], [cost(null, 7), cost("gone", 3)], [cost(null, 7), cost("gone", 3)], NOW);
    expect(agents.map(({ id, name, by_end }) => [id, name, by_end])).toEqual([
      [null, "Drafts", 17],
      [null, "gone", 3],
    ]);
  });

  it("leaves out who costs nothing and is held by nothing", () => {
    const { agents } = monthCosts([agent("idle", 0, null), agent("held", 0, 1)], [], [], NOW);
    expect(agents.map(({ id }) => id)).toEqual(["held"]);
  });

  it("ends in UTC", () => {
    expect(startOfMonth(new Date("2026-12-31T23:59:00Z"), 1).toISOString()).toBe("2027-01-01T00:00:00.000Z");
    expect(lastDay(new Date("2026-12-01T00:00:00Z"))).toBe("30 November");
  });
});
