/** Of which time, agents and groups figures are shown, as it stands in the address and as the API is asked. Pure. */
import { type DaySpan, idsOf, type Params, type Recent, timeOf, writeTime } from "@/runs/times";

/** The last so many hours or days, today included; or days (UTC), both inclusive. */
export type Period = Exclude<Recent, "1h"> | DaySpan;
export type Group = "agent" | "version" | "step" | "model";
export type Each = "hour" | "day";

export interface Filters {
  period: Period;
  agents: readonly string[];
  /** Null: the one that suits the agents. */
  group: Group | null;
}

export const USUAL: Filters = { period: "7d", agents: [], group: null };
const GROUPS: readonly Group[] = ["agent", "version", "step", "model"];

/** What an address says. What it says wrongly is as usual. */
export function filtersOf(params: Params): Filters {
  const time = timeOf(params);
  return {
    period: time === "all" || time === "1h" ? USUAL.period : time,
    agents: idsOf(params.agent),
    group: GROUPS.find((group) => params.by?.[0] === group) ?? null,
  };
}

/** The address of the figures; what is left out is as usual. */
export function hrefOf(some: Partial<Filters>): string {
  const { period, agents, group } = { ...USUAL, ...some };
  const params = new URLSearchParams();
  if (period !== USUAL.period) writeTime(params, period);
  for (const agent of agents) params.append("agent", agent);
  if (group) params.set("by", group);
  const query = params.toString();
  return query ? `/figures?${query}` : "/figures";
}

/** By what the tables add up: with one agent chosen, by its versions first. */
export function groupOf({ group, agents }: Filters): Group {
  return group ?? (agents.length === 1 ? "version" : "agent");
}

export interface Span {
  since: string;
  until: string;
}

/** What the API is asked: the time itself, the one of the same length before it, and by what bars stand apart. */
export interface Times extends Span {
  each: Each;
  before: Span;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = { "7d": 7, "30d": 30, "90d": 90 } as const;
/** Longer times are not drawn: more bars than there are pixels on a phone. */
export const MOST_DAYS = 366;
/** Days of a chosen time that are shown by the hour. */
const FEW_DAYS = 2;

/** Days begin at midnight in UTC, where the server counts them too. The time before is compared up to the same moment of its
 *  last day, so that today's missing hours are missing there as well. */
export function timesOf(period: Period, now: Date): Times {
  const today = now.getTime() - (now.getTime() % DAY_MS);
  if (period === "24h") {
    const hour = now.getTime() - (now.getTime() % HOUR_MS);
    return times(hour - DAY_MS + HOUR_MS, now.getTime(), 1, "hour");
  }
  if (typeof period === "string") {
    const days = DAYS[period];
    return times(today - (days - 1) * DAY_MS, now.getTime(), days, "day");
  }
  const last = Math.min(period.to ? Date.parse(period.to) : today, today);
  const from = period.from ? Date.parse(period.from) : last - 29 * DAY_MS;
  const first = Math.max(Math.min(from, last), last - (MOST_DAYS - 1) * DAY_MS);
  const days = (last - first) / DAY_MS + 1;
  return times(first, Math.min(last + DAY_MS, now.getTime()), days, days <= FEW_DAYS ? "hour" : "day");
}

function times(since: number, until: number, days: number, each: Each): Times {
  const back = days * DAY_MS;
  return { ...span(since, until), each, before: span(since - back, until - back) };
}

function span(since: number, until: number): Span {
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}
