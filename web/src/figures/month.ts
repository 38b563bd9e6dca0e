/** What models cost this month (UTC), and what it comes to at its end if it goes on like this. Pure. */
import type { Schemas } from "@/client";

type Agent = Pick<
  Schemas["AgentSummary"],
  "id" | "name" | "created_at" | "cost_month_usd" | "cost_today_usd" | "cost_per_day_usd"
>;
type CallSum = Pick<Schemas["CallSum"], "agent" | "cost_usd">;

/** The costs of one agent. */
export interface AgentCost {
  /** Null: of no agent, or of one that is deleted. */
  id: string | null;
  name: string;
  so_far: number;
  today: number;
  /** What it may cost in a day; null: any amount. */
  per_day: number | null;
  /** About what it comes to by the end of the month. */
  by_end: number;
}

export interface MonthCosts {
  so_far: number;
  by_end: number;
  /** The first moment of the next month. */
  ends: Date;
  agents: AgentCost[];
}

const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;
const NOBODY = "Drafts";

/** `month`, `week`: what has been counted since the month began, and in the last seven days, by agent. The agents' own costs
 *  are of this moment; what else was counted is of drafts and of agents that are deleted. The agent that costs most first. */
export function monthCosts(
  agents: readonly Agent[],
  month: readonly CallSum[],
  week: readonly CallSum[],
  now: Date,
): MonthCosts {
  const ends = startOfMonth(now, 1);
  const daysLeft = (ends.getTime() - now.getTime()) / DAY_MS;
  const ofWeek = new Map(week.map(({ agent, cost_usd }) => [agent?.id ?? null, cost_usd]));
  const ahead = (id: string | null, days: number, most: number | null) =>
    Math.min((ofWeek.get(id) ?? 0) / days, most ?? Infinity) * daysLeft;
  const known = agents.map((agent): AgentCost => {
    const days = Math.min(7, Math.max(1, (now.getTime() - Date.parse(agent.created_at)) / DAY_MS));
    return {
      id: agent.id,
      name: agent.name,
      so_far: agent.cost_month_usd,
      today: agent.cost_today_usd,
      per_day: agent.cost_per_day_usd,
      by_end: agent.cost_month_usd + ahead(agent.id, days, agent.cost_per_day_usd),
    };
  });
  const ids = new Set(agents.map(({ id }) => id));
  const others = month
    .filter(({ agent }) => agent === null || !ids.has(agent.id))
    .map(({ agent, cost_usd }): AgentCost => {
      const by_end = agent === null ? cost_usd + ahead(null, 7, null) : cost_usd;
      return { id: null, name: agent?.name ?? NOBODY, so_far: cost_usd, today: 0, per_day: null, by_end };
    });
  const found = [...known, ...others]
    .filter(({ by_end, per_day }) => by_end > 0 || per_day !== null)
    .sort((one, other) => other.by_end - one.by_end);
  const sum = (pick: (one: AgentCost) => number) => found.reduce((all, one) => all + pick(one), 0);
  return { so_far: sum((one) => one.so_far), by_end: sum((one) => one.by_end), ends, agents: found };
}

/** When the month of a moment began (UTC), or the one some months later. */
export function startOfMonth(at: Date, later = 0): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later, 1));
}

/** "30 November": the last day of the month that ends then. */
export function lastDay(ends: Date): string {
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
  return day.format(ends.getTime() - 1);
}
