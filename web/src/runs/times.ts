/** Which time is asked about, as it stands in addresses and as the API is asked: of runs, of lines, of figures. Pure. */

/** `all`, a time back from now, or days (`2026-11-01`, in the person's zone, both inclusive; null: open). */
export type TimeFilter = "all" | Recent | DaySpan;
export type Recent = keyof typeof RECENT_MS;
export interface DaySpan {
  from: string | null;
  to: string | null;
}

export type Params = Readonly<Record<string, readonly string[]>>;

const HOUR_MS = 3_600_000;
export const RECENT_MS = {
  "1h": HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 168 * HOUR_MS,
  "30d": 720 * HOUR_MS,
  "90d": 2_160 * HOUR_MS,
} as const;

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The time that an address says; what it says wrongly is left out. */
export function timeOf(params: Params): TimeFilter {
  const [recent = ""] = params.time ?? [];
  if (Object.hasOwn(RECENT_MS, recent)) return recent as Recent;
  const from = dayOf(params.from?.[0]);
  const to = dayOf(params.to?.[0]);
  return from || to ? { from, to } : "all";
}

/** Puts the time into the parameters of an address. */
export function writeTime(params: URLSearchParams, time: TimeFilter): void {
  if (typeof time === "object") {
    if (time.from) params.set("from", time.from);
    if (time.to) params.set("to", time.to);
  } else if (time !== "all") params.set("time", time);
}

/** The time as the API takes it. */
export function spanOf(time: TimeFilter, now: Date): { since?: string; until?: string } {
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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The ids among what an address says, each once. */
export function idsOf(values: readonly string[] | undefined): string[] {
  return [...new Set(values)].filter((value) => UUID.test(value));
}
