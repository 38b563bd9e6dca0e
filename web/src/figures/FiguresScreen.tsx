import { useQuery } from "@tanstack/react-query";
import { ChartColumn } from "lucide-react";
import { useMemo } from "react";
import { useGo, usePlace } from "@/navigation";
import { Page } from "@/shell";
import { Button, LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { Tabs } from "@/ui/Tabs";
import { Charts } from "./Charts";
import { FigureFilters } from "./FigureFilters";
import { MonthBlock } from "./MonthBlock";
import { type Filters, filtersOf, type Group, groupOf, hrefOf, USUAL } from "./period";
import { costsQuery, runsQuery } from "./queries";
import { AgentTable, ModelTable, StepTable, VersionTable } from "./Tables";
import { Tiles } from "./Tiles";

/** What the runs of a time come to: how many, how they ended, how long they took, what they cost. */
export function FiguresScreen() {
  const { params, isReady } = usePlace();
  const go = useGo();
  const filters = useMemo(() => filtersOf(params), [params]);
  const change = (next: Filters) => go(hrefOf(next), { replace: true });
  return (
    <Page title="Figures" wide>
      <FigureFilters filters={filters} onChange={change} />
      {isReady ? <Figures filters={filters} onChange={change} /> : <Waiting />}
    </Page>
  );
}

function Figures({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const runs = useQuery(runsQuery(filters, "whole"));
  const calls = useQuery(costsQuery(filters, "whole"));
  const runsBefore = useQuery(runsQuery(filters, "before"));
  const callsBefore = useQuery(costsQuery(filters, "before"));
  const all = [runs, calls, runsBefore, callsBefore];
  const error = all.find((one) => one.error)?.error;
  if (error) {
    return <ErrorNote problem={error} onRetry={() => void Promise.all(all.map((one) => one.refetch()))} />;
  }
  if (!runs.data || !calls.data || !runsBefore.data || !callsBefore.data) return <Waiting />;
  const now = { runs: runs.data.sums[0], calls: calls.data.sums[0] };
  const before = { runs: runsBefore.data.sums[0], calls: callsBefore.data.sums[0] };
  if (!now.runs && !now.calls) return <Nothing filters={filters} onChange={onChange} />;
  return (
    <>
      <Tiles filters={filters} now={now} before={before} />
      <Charts filters={filters} whole={now.runs} />
      <Tables filters={filters} onChange={onChange} />
      <MonthBlock agents={filters.agents} />
      <p className="text-xs text-ink-faint">
        A run counts when it has ended, a few seconds later, and stays counted when it is deleted. Days begin at
        midnight in UTC.
      </p>
    </>
  );
}

function Tables({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  return (
    <Tabs<Group>
      label="Added up by"
      value={groupOf(filters)}
      onChange={(group) => onChange({ ...filters, group })}
      panelClassName="pt-3"
      tabs={[
        { value: "agent", label: "Agents", panel: <AgentTable filters={filters} /> },
        { value: "version", label: "Versions", panel: <VersionTable filters={filters} /> },
        { value: "step", label: "Steps", panel: <StepTable filters={filters} /> },
        { value: "model", label: "Models", panel: <ModelTable filters={filters} /> },
      ]}
    />
  );
}

function Nothing({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const isLongest = filters.period === "90d";
  const isFiltered = filters.agents.length > 0;
  return (
    <EmptyState
      icon={ChartColumn}
      title="Nothing has ended in this time"
      action={
        <>
          {!isLongest && <Button onClick={() => onChange({ ...filters, period: "90d" })}>Look at 90 days</Button>}
          {isFiltered && <Button onClick={() => onChange(USUAL)}>Look at all agents</Button>}
          {isLongest && !isFiltered && (
            <LinkButton variant="primary" href="/">
              Go to the agents
            </LinkButton>
          )}
        </>
      }
    >
      Once runs have ended, you see here how many there were, how many failed, how long they and their steps took, and
      what each model cost, against the time before.
    </EmptyState>
  );
}

function Waiting() {
  return (
    <div role="status" className="flex flex-col gap-4">
      <span className="sr-only">Adding up the figures</span>
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-5">
        {[0, 1, 2, 3, 4].map((i) => (
          <Skeleton key={i} className="h-24 max-lg:last:col-span-2" />
        ))}
      </div>
      <Skeleton className="h-72" />
    </div>
  );
}
