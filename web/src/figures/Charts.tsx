import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { formatMs } from "@/ui/duration";
import { formatUsd } from "@/ui/money";
import { formatCount } from "./change";
import { Chart, ChartWaiting } from "./chart/Chart";
import type { Filters } from "./period";
import { costsQuery, type RunSum, runsQuery } from "./queries";
import { costs, durations, type Figure, momentsOf, outcomes, sumOf } from "./series";

/** How the runs ended over the time, how long they took, and what the models cost. */
export function Charts({ filters, whole }: { filters: Filters; whole: RunSum | undefined }) {
  const runs = useQuery(runsQuery(filters, "each"));
  const calls = useQuery(costsQuery(filters, "each", "model"));
  const drawn = useMemo(() => {
    if (!runs.data) return null;
    const { each, sums } = runs.data;
    const at = momentsOf(runs.data, each);
    const ended: Figure = { each, at, series: outcomes(at, sums) };
    const took: Figure = { each, at, series: durations(at, sums) };
    return { ended, took };
  }, [runs.data]);
  const paid = useMemo((): Figure | null => {
    if (!calls.data) return null;
    const { each, sums } = calls.data;
    const at = momentsOf(calls.data, each);
    return { each, at, series: costs(at, sums) };
  }, [calls.data]);
  const again = () => void runs.refetch();
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <div className="grid lg:col-span-2">
        {drawn ? (
          <Chart
            title="Runs that ended"
            figure={drawn.ended}
            form="bars"
            unit="count"
            format={formatCount}
            whole={drawn.ended.series.map(sumOf)}
            nothing="No run ended in this time."
          />
        ) : (
          <ChartWaiting title="Runs that ended" problem={runs.error} onRetry={again} />
        )}
      </div>
      {drawn ? (
        <Chart
          title="How long they took"
          figure={drawn.took}
          form="lines"
          unit="ms"
          format={formatMs}
          whole={[whole?.p50_ms ?? null, whole?.p95_ms ?? null]}
          nothing="No run that ended in this time had begun."
        />
      ) : (
        <ChartWaiting title="How long they took" problem={runs.error} onRetry={again} />
      )}
      {paid ? (
        <Chart
          title="Cost by model"
          figure={paid}
          form="bars"
          unit="usd"
          format={formatUsd}
          whole={paid.series.map(sumOf)}
          nothing="No call of a model cost anything in this time."
        />
      ) : (
        <ChartWaiting title="Cost by model" problem={calls.error} onRetry={() => void calls.refetch()} />
      )}
    </div>
  );
}
