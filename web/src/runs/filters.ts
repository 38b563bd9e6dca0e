/** Which runs are listed, as it stands in the address and as the API is asked. Pure. */
import { idsOf, type Params, spanOf, type TimeFilter, timeOf, writeTime } from "./times";
import type { RunStatus } from "./types";

export interface Filters {
  statuses: readonly RunStatus[];
  agents: readonly string[];
  /** Ids of versions. */
  versions: readonly string[];
  triggers: readonly TriggerKind[];
  time: TimeFilter;
}

export const STATUSES: readonly RunStatus[] = ["queued", "running", "waiting", "succeeded", "failed", "cancelled"];
export const TRIGGERS = ["manual", "schedule", "webhook", "poll", "form", "chat", "email", "error"] as const;
export type TriggerKind = (typeof TRIGGERS)[number];
export const NO_FILTERS: Filters = { statuses: [], agents: [], versions: [], triggers: [], time: "all" };

/** The filters that an address says. What it says wrongly is left out. */
export function filtersOf(params: Params): Filters {
  return {
    statuses: STATUSES.filter((status) => params.status?.includes(status)),
    agents: idsOf(params.agent),
    versions: idsOf(params.version),
    triggers: TRIGGERS.filter((kind) => params.trigger?.includes(kind)),
    time: timeOf(params),
  };
}

/** The address of the list with these filters; those that are left out filter nothing. */
export function hrefOf(some: Partial<Filters>): string {
  const filters = { ...NO_FILTERS, ...some };
  const params = new URLSearchParams();
  for (const status of filters.statuses) params.append("status", status);
  for (const agent of filters.agents) params.append("agent", agent);
  for (const version of filters.versions) params.append("version", version);
  for (const trigger of filters.triggers) params.append("trigger", trigger);
  writeTime(params, filters.time);
  const query = params.toString();
  return query ? `/runs?${query}` : "/runs";
}

/** The filters as the API takes them. */
export function queryOf({ statuses, agents, versions, triggers, time }: Filters, now: Date) {
  return {
    ...(statuses.length ? { status: [...statuses] } : {}),
    ...(agents.length ? { agent: [...agents] } : {}),
    ...(versions.length ? { version: [...versions] } : {}),
    ...(triggers.length ? { trigger: [...triggers] } : {}),
    ...spanOf(time, now),
  };
}

export function isFiltered(filters: Filters): boolean {
  return hrefOf(filters) !== "/runs";
}
