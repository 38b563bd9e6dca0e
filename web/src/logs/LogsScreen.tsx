import { useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useMemo, useState } from "react";
import { useGo, usePlace } from "@/navigation";
import { Page } from "@/shell";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { type Filters, filtersOf, hrefOf, isFiltered, NO_FILTERS } from "./filters";
import { groupsOf } from "./groups";
import { LineList } from "./LineList";
import { LogFilters } from "./LogFilters";
import { linesQuery } from "./queries";

/** What runs and steps have failed of, and what code has printed: searched, filtered, by run. */
export function LogsScreen() {
  const { params, isReady } = usePlace();
  const go = useGo();
  const [follows, setFollows] = useState(false);
  const filters = useMemo(() => filtersOf(params), [params]);
  const change = (next: Filters) => go(hrefOf(next), { replace: true });
  return (
    <Page title="Logs" wide>
      {isReady && <LogFilters filters={filters} onChange={change} follows={follows} onFollow={setFollows} />}
      {isReady ? <Lines filters={filters} follows={follows} onClear={() => change(NO_FILTERS)} /> : <Waiting />}
    </Page>
  );
}

function Lines({ filters, follows, onClear }: { filters: Filters; follows: boolean; onClear: () => void }) {
  const { data, error, isPending, isFetching, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(linesQuery(filters, follows));
  const groups = useMemo(() => groupsOf(data?.pages ?? []), [data]);
  const trouble = error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />;
  if (isPending) return <Waiting />;
  if (groups.length === 0) return trouble ?? <Nothing isFiltered={isFiltered(filters)} onClear={onClear} />;
  return (
    <>
      {trouble}
      <LineList groups={groups} search={filters.text} />
      {hasNextPage && (
        <Button className="self-center" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older lines
        </Button>
      )}
    </>
  );
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState
        icon={ScrollText}
        title="No line says that"
        action={<Button onClick={onClear}>Show all lines</Button>}
      >
        Words are found whole, whatever their case. Try fewer of them, or loosen a filter.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={ScrollText} title="Nothing has failed or been printed">
      When a run or an attempt at a step fails, what it says stands here a few seconds after the run has ended; so does
      what code steps print.
    </EmptyState>
  );
}

function Waiting() {
  return (
    <div role="status" className="flex flex-col gap-3">
      <span className="sr-only">Loading the lines</span>
      {[0, 1, 2, 3].map((i) => (
        <Skeleton key={i} className="h-28" />
      ))}
    </div>
  );
}
