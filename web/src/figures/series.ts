/** What the charts draw: for each hour or day, one value of each series. Pure. */
import type { Schemas } from "@/client";
import type { Colour } from "./chart/colours";
import type { Each, Span } from "./period";

export interface Series {
  name: string;
  colour: Colour;
  /** One for each moment; null: there is none. */
  values: (number | null)[];
}

export interface Figure {
  each: Each;
  /** When each hour or day begins. */
  at: number[];
  series: Series[];
}

type RunSum = Schemas["RunSum"];
type CallSum = Schemas["CallSum"];

const STEP_MS = { hour: 3_600_000, day: 86_400_000 } as const;

/** The beginnings of all hours or days (UTC) of a time. */
export function momentsOf({ since, until }: Span, each: Each): number[] {
  const step = STEP_MS[each];
  const first = Date.parse(since) - (Date.parse(since) % step);
  const count = Math.ceil((Date.parse(until) - first) / step);
  return Array.from({ length: Math.max(0, count) }, (_, i) => first + i * step);
}

/** How many runs ended in each way. */
export function outcomes(at: readonly number[], sums: readonly RunSum[]): Series[] {
  const found = byMoment(sums);
  const of = (pick: (sum: RunSum) => number) => at.map((moment) => total(found.get(moment) ?? [], pick));
  return [
    { name: "Succeeded", colour: "good", values: of(({ succeeded }) => succeeded) },
    { name: "Failed", colour: "bad", values: of(({ failed }) => failed) },
    { name: "Cancelled", colour: "idle", values: of(({ cancelled }) => cancelled) },
  ];
}

/** How long runs took. */
export function durations(at: readonly number[], sums: readonly RunSum[]): Series[] {
  const found = byMoment(sums);
  const of = (pick: (sum: RunSum) => number | null) => at.map((moment) => found.get(moment)?.map(pick)[0] ?? null);
  return [
    { name: "Half of them at most", colour: "accent", values: of(({ p50_ms }) => p50_ms) },
    { name: "95 of 100 at most", colour: "warm", values: of(({ p95_ms }) => p95_ms) },
  ];
}

const MODEL_COLOURS: readonly Colour[] = ["accent", "violet", "teal", "pink", "warm"];

/** What each model cost: those that cost most have a series of their own, the others share one. */
export function costs(at: readonly number[], sums: readonly CallSum[]): Series[] {
  const models = new Map<string, CallSum[]>();
  for (const sum of sums) models.set(sum.model ?? "", [...(models.get(sum.model ?? "") ?? []), sum]);
  const cost = ({ cost_usd }: CallSum) => cost_usd;
  const ranked = [...models]
    .filter(([, own]) => total(own, cost) > 0)
    .sort(([, one], [, other]) => total(other, cost) - total(one, cost));
  const series = (name: string, colour: Colour, own: readonly CallSum[]): Series => {
    const found = byMoment(own);
    return { name, colour, values: at.map((moment) => total(found.get(moment) ?? [], cost)) };
  };
  const shown = MODEL_COLOURS.flatMap((colour, i) => {
    const [name, own] = ranked[i] ?? [];
    return name === undefined || own === undefined ? [] : [series(name, colour, own)];
  });
  const rest = ranked.slice(MODEL_COLOURS.length).flatMap(([, own]) => own);
  return rest.length ? [...shown, series("Other models", "idle", rest)] : shown;
}

/** The sums of each moment over those of the series before it, so that bars stand on one another. */
export function stacked(series: readonly Series[]): number[][] {
  let below: number[] | null = null;
  return series.map(({ values }) => {
    const own: number[] = values.map((value, i) => (value ?? 0) + (below?.[i] ?? 0));
    below = own;
    return own;
  });
}

/** The sum of a series. */
export function sumOf({ values }: Series): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0);
}

function byMoment<S extends { at: string | null }>(sums: readonly S[]): Map<number, S[]> {
  const found = new Map<number, S[]>();
  for (const sum of sums) {
    if (sum.at === null) continue;
    const moment = Date.parse(sum.at);
    found.set(moment, [...(found.get(moment) ?? []), sum]);
  }
  return found;
}

function total<S>(sums: readonly S[], pick: (sum: S) => number): number {
  return sums.reduce((all, sum) => all + pick(sum), 0);
}
