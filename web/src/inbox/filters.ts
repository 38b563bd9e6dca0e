/** What of the inbox is shown, as it stands in the address. Pure. */
import type { Cause } from "./types";

export type InboxTab = "approvals" | "runs";

export interface Filters {
  causes: readonly Cause[];
  agents: readonly string[];
}

/** In the order in which they are shown: what is in doubt first. */
export const CAUSES: readonly Cause[] = [
  "effect_uncertain",
  "connection_expired",
  "step_failed",
  "timed_out",
  "budget_exceeded",
  "crash_loop",
  "undeliverable",
];
export const NO_FILTERS: Filters = { causes: [], agents: [] };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Params = Readonly<Record<string, readonly string[]>>;

/** The tab that the address says; null: none. */
export function tabOf(params: Params): InboxTab | null {
  const [tab] = params.tab ?? [];
  return tab === "approvals" || tab === "runs" ? tab : null;
}

/** The filters that an address says. What it says wrongly is left out. */
export function filtersOf(params: Params): Filters {
  return {
    causes: CAUSES.filter((cause) => params.cause?.includes(cause)),
    agents: [...new Set(params.agent)].filter((id) => UUID.test(id)),
  };
}

/** The address of a tab with these filters. */
export function hrefOf(tab: InboxTab, { causes, agents }: Filters = NO_FILTERS): string {
  const params = new URLSearchParams({ tab });
  for (const cause of causes) params.append("cause", cause);
  for (const agent of agents) params.append("agent", agent);
  return `/inbox?${params.toString()}`;
}

export function isFiltered({ causes, agents }: Filters): boolean {
  return causes.length > 0 || agents.length > 0;
}
