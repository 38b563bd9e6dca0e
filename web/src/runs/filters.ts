/** Which runs are listed, as it stands in the address and as the API is asked. Pure. */
import type { RunStatus } from "./types";

export interface Filters {
  statuses: readonly RunStatus[];
  agents: readonly string[];
  triggers: readonly TriggerKind[];
  time: TimeFilter;
}

/** `all`, a time back from now, or days (`2026-11-01`, in the person's zone, both inclusive; null: open). */
export type TimeFilter = "all" | Recent | { from: string | null; to: string | null };
export type Recent = keyof typeof RECENT_MS;

const HOUR_MS = 3_600_000;
export const RECENT_MS = { "1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS, "30d": 720 * HOUR_MS } as const;

export const STATUSES: readonly RunStatus[] = ["queued", "running", "waiting", "succeeded", "failed", "cancelled"];
export const TRIGGERS = ["manual", "schedule", "webhook", "poll", "form", "chat", "email", "error"] as const;
export type TriggerKind = (typeof TRIGGERS)[number];
export const NO_FILTERS: Filters = { statuses: [], agents: [], triggers: [], time: "all" };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** The filters that an address says. What it says wrongly is left out. */
export function filtersOf(params: Readonly<Record<string, readonly string[]>>): Filters {
  return {
    statuses: STATUSES.filter((status) => params.status?.includes(status)),
    agents: unique(params.agent, (id) => UUID.test(id)),
    triggers: TRIGGERS.filter((kind) => params.trigger?.includes(kind)),
    time: timeOf(params),
  };
}

/** The address of the list with these filters. */
export function hrefOf(filters: Filters): string {
  const params = new URLSearchParams();
  for (const status of filters.statuses) params.append("status", status);
  for (const agent of filters.agents) params.append("agent", agent);
  for (const trigger of filters.triggers) params.append("trigger", trigger);
  if (typeof filters.time === "object") {
    if (filters.time.from) params.set("from", filters.time.from);
    if (filters.time.to) params.set("to", filters.time.to);
  } else if (filters.time !== "all") params.set("time", filters.time);
  const query = params.toString();
  return query ? `/runs?${query}` : "/runs";
}

/** The filters as the API takes them. */
export function queryOf({ statuses, agents, triggers, time }: Filters, now: Date) {
  return {
    ...(statuses.length ? { status: [...statuses] } : {}),
    ...(agents.length ? { agent: [...agents] } : {}),
    ...(triggers.length ? { trigger: [...triggers] } : {}),
    ...spanOf(time, now),
  };
}

export function isFiltered(filters: Filters): boolean {
  return hrefOf(filters) !== "/runs";
}

function timeOf(params: Readonly<Record<string, readonly string[]>>): TimeFilter {
  const [recent = ""] = params.time ?? [];
  if (Object.hasOwn(RECENT_MS, recent)) return recent as Recent;
  const from = dayOf(params.from?.[0]);
  const to = dayOf(params.to?.[0]);
  return from || to ? { from, to } : "all";
}

function spanOf(time: TimeFilter, now: Date): { since?: string; until?: string } {
  if (time === "all") return {};
  if (typeof time === "string") return { since: new Date(now.getTime() - RECENT_MS[time]).toISOString() };
  return {
    ...(time.from ? { since: midnight(time.from, 0).toISOString() } : {}),
    ...(time.to ? { until: midnight(time.to, 1).toISOString() } : {}),
  };
}

/** When a day begins in the zone of the person, or the one some days later. */
function midnight(day: string, later: number): Date {
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + later);
  return at;
}

function dayOf(text: string | undefined): string | null {
  return text && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

function unique(values: readonly string[] | undefined, isFine: (value: string) => boolean): string[] {
  return [...new Set(values)].filter(isFine);
}
