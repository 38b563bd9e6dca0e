import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { hrefOf as linesHref } from "@/logs/filters";
import { hrefOf as runsHref } from "@/runs/filters";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import { costColumn, countColumn, failedColumn, RowName, tookColumns } from "./columns";
import type { Filters } from "./period";
import { type CallSum, costsQuery, type RunSum, runsQuery, type StepSum, stepsQuery } from "./queries";
import { type Column, SortedTable } from "./SortedTable";

/** The runs of each agent. A row leads to them. */
export function AgentTable({ filters }: { filters: Filters }) {
  const found = useQuery(runsQuery(filters, "whole", "agent"));
  const columns: Column<RunSum>[] = [
    {
      id: "agent",
      title: "Agent",
      isText: true,
      value: nameOf,
      show: (row) => <RowName href={runsOf(row, filters)}>{nameOf(row)}</RowName>,
    },
    ...ofRuns(filters),
  ];
  return (
    <Shown found={found}>
      {(rows) => (
        <SortedTable
          caption="Runs by agent"
          columns={columns}
          rows={rows}
          keyOf={(row) => row.agent?.id ?? ""}
          first={{ by: "runs", isDown: true }}
        />
      )}
    </Shown>
  );
}

/** The runs of each version. A row leads to them. */
export function VersionTable({ filters }: { filters: Filters }) {
  const found = useQuery(runsQuery(filters, "whole", "version"));
  const columns: Column<RunSum>[] = [
    {
      id: "version",
      title: "Version",
      isText: true,
      value: (row) => `${nameOf(row)} ${String(row.version).padStart(9)}`,
      show: (row) => (
        <RowName href={runsOf(row, filters)} after={`v${row.version}`}>
          {nameOf(row)}
        </RowName>
      ),
    },
    ...ofRuns(filters),
  ];
  return (
    <Shown found={found}>
      {(rows) => (
        <SortedTable
          caption="Runs by version"
          columns={columns}
          rows={rows}
          keyOf={(row) => row.version_id ?? `${row.agent?.id} ${row.version}`}
          first={{ by: "runs", isDown: true }}
        />
      )}
    </Shown>
  );
}

/** The attempts at each step. A row leads to the runs of its agent, what failed to what was said of it. */
export function StepTable({ filters }: { filters: Filters }) {
  const found = useQuery(stepsQuery(filters));
  const columns: Column<StepSum>[] = [
    {
      id: "step",
      title: "Step",
      isText: true,
      value: ({ node }) => node,
      show: (row) => (
        <RowName href={runsOf(row, filters)} after={<bdi>{nameOf(row)}</bdi>}>
          <StepName node={row.node} />
        </RowName>
      ),
    },
    countColumn("attempts", "Attempts", ({ attempts }) => attempts),
    failedColumn(
      ({ attempts }) => attempts,
      (row) =>
        linesHref({ ...ofAgent(row), text: `"${lastOf(row.node)}"`, kinds: ["step_failed"], time: filters.period }),
    ),
    ...tookColumns<StepSum>(),
  ];
  return (
    <Shown found={found}>
      {(rows) => (
        <SortedTable
          caption="Attempts at steps"
          columns={columns}
          rows={rows}
          keyOf={(row) => `${row.agent?.id} ${row.node}`}
          first={{ by: "failed", isDown: true }}
        />
      )}
    </Shown>
  );
}

/** The calls of each model. */
export function ModelTable({ filters }: { filters: Filters }) {
  const found = useQuery(costsQuery(filters, "whole", "model"));
  const columns: Column<CallSum>[] = [
    {
      id: "model",
      title: "Model",
      isText: true,
      value: ({ model }) => model,
      show: ({ model, provider }) => (
        <>
          <span className="font-medium">{model}</span> <span className="text-ink-faint">{provider}</span>
        </>
      ),
    },
    countColumn("calls", "Calls", ({ calls }) => calls),
    failedColumn(({ calls }) => calls),
    countColumn("in", "Tokens in", ({ input_tokens }) => input_tokens),
    countColumn("out", "Tokens out", ({ output_tokens }) => output_tokens),
    ...tookColumns<CallSum>(),
    costColumn(),
  ];
  return (
    <Shown found={found}>
      {(rows) => (
        <SortedTable
          caption="Calls of models"
          columns={columns}
          rows={rows}
          keyOf={({ provider, model }) => `${provider} ${model}`}
          first={{ by: "cost", isDown: true }}
        />
      )}
    </Shown>
  );
}

function ofRuns(filters: Filters): Column<RunSum>[] {
  return [
    countColumn("runs", "Runs", ({ runs }) => runs),
    failedColumn(
      ({ runs }) => runs,
      (row) => runsHref({ ...ofAgent(row), ...ofVersion(row), statuses: ["failed"], time: filters.period }),
    ),
    ...tookColumns<RunSum>(),
    costColumn(),
  ];
}

type Row = Pick<RunSum, "agent" | "version_id">;

const nameOf = ({ agent }: Row) => agent?.name ?? "An agent that is gone";
const ofAgent = ({ agent }: Row) => ({ agents: agent ? [agent.id] : [] });
const ofVersion = ({ version_id }: Row) => ({ versions: version_id ? [version_id] : [] });
const runsOf = (row: Row, { period }: Filters) => runsHref({ ...ofAgent(row), ...ofVersion(row), time: period });
const lastOf = (node: string) => node.slice(node.lastIndexOf(".") + 1);

/** A step's path, its own name last. */
function StepName({ node }: { node: string }) {
  const own = lastOf(node);
  return (
    <>
      {own.length < node.length && <span className="font-normal text-ink-soft">{node.slice(0, -own.length)}</span>}
      {own}
    </>
  );
}

function Shown<R>({
  found: { data, error, isFetching, refetch },
  children,
}: {
  found: UseQueryResult<{ sums: R[] }>;
  children: (rows: R[]) => ReactNode;
}) {
  if (error) return <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonLines lines={6} label="Adding up" />;
  if (data.sums.length === 0) return <p className="py-6 text-center text-sm text-ink-soft">Nothing in this time.</p>;
  return children(data.sums);
}
