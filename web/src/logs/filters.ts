/** Which lines are shown, as it stands in the address and as the API is asked. Pure. */
import { idsOf, type Params, spanOf, type TimeFilter, timeOf, writeTime } from "@/runs/times";
import type { LineKind } from "./queries";

export interface Filters {
  /** Words, "phrases", `or`, `-not`. */
  text: string;
  kinds: readonly LineKind[];
  agents: readonly string[];
  time: TimeFilter;
}

export const KINDS: readonly LineKind[] = ["run_failed", "step_failed", "printed"];
export const NO_FILTERS: Filters = { text: "", kinds: [], agents: [], time: "all" };
/** Longer searches are refused by the server. */
export const LONGEST_TEXT = 200;

/** The filters that an address says. What it says wrongly is left out. */
export function filtersOf(params: Params): Filters {
  return {
    text: (params.text?.[0] ?? "").replaceAll("\0", "").slice(0, LONGEST_TEXT),
    kinds: KINDS.filter((kind) => params.kind?.includes(kind)),
    agents: idsOf(params.agent),
    time: timeOf(params),
  };
}

/** The address of the lines with these filters; those that are left out filter nothing. */
export function hrefOf(some: Partial<Filters>): string {
  const { text, kinds, agents, time } = { ...NO_FILTERS, ...some };
  const params = new URLSearchParams();
  if (text) params.set("text", text);
  for (const kind of kinds) params.append("kind", kind);
  for (const agent of agents) params.append("agent", agent);
  writeTime(params, time);
  const query = params.toString();
  return query ? `/logs?${query}` : "/logs";
}

/** The filters as the API takes them. */
export function queryOf({ text, kinds, agents, time }: Filters, now: Date) {
  return {
    ...(text.trim() ? { text } : {}),
    ...(kinds.length ? { kind: [...kinds] } : {}),
    ...(agents.length ? { agent: [...agents] } : {}),
    ...spanOf(time, now),
  };
}

export function isFiltered(filters: Filters): boolean {
  return hrefOf(filters) !== "/logs";
}
