import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import type { Figure } from "../series";
import { AsTable } from "./AsTable";
import { COLOURS } from "./colours";
import { wholeMoment } from "./moments";
import type { Form, Unit } from "./options";

const Plot = lazy(() => import("./Plot"));

/** A chart with its title, what it says at the moment pointed at, and the same as a table. */
export function Chart({
  title,
  lead,
  figure,
  form,
  unit,
  format,
  whole,
  nothing,
}: {
  title: string;
  lead?: ReactNode;
  figure: Figure;
  form: Form;
  unit: Unit;
  format: (value: number) => string;
  /** What each series comes to in all of the time, shown while no moment is pointed at. */
  whole: readonly (number | null)[];
  /** What is said instead of the chart when there is nothing to draw. */
  nothing: string;
}) {
  const [read, setRead] = useState<number | null>(null);
  const drawing = useMemo(() => ({ figure, form, unit, format }), [figure, form, unit, format]);
  const { at, each, series } = figure;
  const moment = read === null ? undefined : at[read];
  const isEmpty = series.every(({ values }) => values.every((value) => !value));
  return (
    <Card title={title} lead={lead}>
      {isEmpty ? (
        <p className="flex h-52 items-center justify-center px-4 text-center text-sm text-ink-soft max-sm:h-44">
          {nothing}
        </p>
      ) : (
        <>
          <div className="flex min-h-5 flex-wrap items-baseline gap-x-4 gap-y-1 text-xs">
            <ul className="contents">
              {series.map(({ name, colour, values }, i) => {
                const value = read === null ? whole[i] : values[read];
                return (
                  <li key={name} className="flex items-baseline gap-1.5 text-ink-soft">
                    <span aria-hidden className="size-2 shrink-0 rounded-sm" style={{ background: COLOURS[colour] }} />
                    {name}
                    <span className="font-medium tabular-nums text-ink">{value == null ? "–" : format(value)}</span>
                  </li>
                );
              })}
            </ul>
            <span className="ml-auto tabular-nums text-ink-faint max-sm:ml-0">
              {moment === undefined ? "in all" : wholeMoment(moment, each)}
            </span>
          </div>
          <div aria-hidden>
            <Suspense fallback={<Skeleton className="h-52 max-sm:h-44" />}>
              <Plot drawing={drawing} onRead={setRead} />
            </Suspense>
          </div>
          <AsTable title={title} figure={figure} format={format} />
        </>
      )}
    </Card>
  );
}

/** The place of a chart whose figures are not there yet, or cannot be had. */
export function ChartWaiting({ title, problem, onRetry }: { title: string; problem: unknown; onRetry: () => void }) {
  return (
    <Card title={title}>
      {problem ? <ErrorNote problem={problem} onRetry={onRetry} /> : <Skeleton className="h-58 max-sm:h-50" />}
    </Card>
  );
}

function Card({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <section className="flex min-w-0 flex-col gap-2 rounded-lg border border-line bg-paper p-4">
      <h2 className="text-sm font-semibold">{title}</h2>
      {lead && <p className="-mt-1.5 text-xs text-ink-faint">{lead}</p>}
      {children}
    </section>
  );
}
