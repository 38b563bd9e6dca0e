import { useInfiniteQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { useMemo } from "react";
import { useGo, usePlace } from "@/navigation";
import { Page } from "@/shell";
import { Button, LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { type Filters, filtersOf, hrefOf, isFiltered, NO_FILTERS } from "./filters";
import { runsQuery } from "./queries";
import { RunFilters } from "./RunFilters";
import { RunTable } from "./RunTable";

/** The runs of the workspace, newest first, filtered by what the address says. */
export function RunsScreen() {
  const { params, isReady } = usePlace();
  const go = useGo();
  const filters = useMemo(() => filtersOf(params), [params]);
  return (
    <Page title="Runs" wide>
      <RunFilters filters={filters} onChange={(next) => go(hrefOf(next), { replace: true })} />
      {isReady ? <Runs filters={filters} onClear={() => go(hrefOf(NO_FILTERS))} /> : <Rows />}
    </Page>
  );
}

function Runs({ filters, onClear }: { filters: Filters; onClear: () => void }) {
  const { data, error, isPending, refetch, isFetching, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(runsQuery(filters));
  const runs = useMemo(() => data?.pages.flatMap((page) => page.runs) ?? [], [data]);
  const trouble = error && <ErrorNote problem={error} onRetry={() => void refetch()} busy={isFetching} />;
  if (isPending) return <Rows />;
  if (runs.length === 0) return trouble ?? <Nothing isFiltered={isFiltered(filters)} onClear={onClear} />;
  return (
    <>
      {trouble}
      <RunTable runs={runs} />
      {hasNextPage && (
        <Button className="self-center" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older runs
        </Button>
      )}
    </>
  );
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState icon={History} title="No run is like that" action={<Button onClick={onClear}>Show all runs</Button>}>
        Loosen a filter, or look at all of them.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={History}
      title="Nothing has run yet"
      action={
        <LinkButton variant="primary" href="/">
          Go to the agents
        </LinkButton>
      }
    >
      A run appears here as soon as an agent is started: by hand, by its schedule or by a webhook.
    </EmptyState>
  );
}

function Rows() {
  return (
    <div role="status" className="flex flex-col gap-3">
      <span className="sr-only">Loading the runs</span>
      {Array.from({ length: 8 }, (_, i) => (
        <Skeleton key={i} className="h-10 w-full" />
      ))}
    </div>
  );
}
