import { useInfiniteQuery } from "@tanstack/react-query";
import { CircleCheck, Inbox } from "lucide-react";
import { useMemo, useState } from "react";
import { useSession } from "@/session";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { BulkBar } from "./BulkBar";
import { type Filters, isFiltered, NO_FILTERS } from "./filters";
import { inboxQuery } from "./queries";
import { StoppedFilters } from "./StoppedFilters";
import { StoppedList } from "./StoppedList";
import type { InboxItem } from "./types";

/** Runs that cannot go on by themselves: by cause and agent, to be opened singly or decided about together. */
export function StoppedRuns({ filters, onFilter }: { filters: Filters; onFilter: (next: Filters) => void }) {
  const { data, error, isPending, isFetching, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(inboxQuery(filters));
  const items = useMemo(() => data?.pages.flatMap((page) => page.runs) ?? [], [data]);
  const isEmpty = data !== undefined && items.length === 0;
  return (
    <div className="flex flex-col gap-4">
      {(!isEmpty || isFiltered(filters)) && (
        <StoppedFilters filters={filters} counts={data?.pages[0]?.counts ?? {}} onChange={onFilter} />
      )}
      {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {isPending && <Loading />}
      {isEmpty && <Nothing filters={filters} onClear={() => onFilter(NO_FILTERS)} />}
      {items.length > 0 && <Found items={items} />}
      {hasNextPage && (
        <Button className="self-center" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older runs
        </Button>
      )}
    </div>
  );
}

/** The list, and what can be done with those that are chosen in it. */
function Found({ items }: { items: readonly InboxItem[] }) {
  const { may } = useSession();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const picked = items.filter(({ id }) => chosen.has(id));
  return (
    <>
      <StoppedList items={items} chosen={chosen} onChoose={may("runs:write") ? setChosen : null} />
      {picked.length > 0 && <BulkBar items={picked} onClear={() => setChosen(new Set())} />}
    </>
  );
}

function Nothing({ filters, onClear }: { filters: Filters; onClear: () => void }) {
  if (isFiltered(filters)) {
    return (
      <EmptyState
        icon={Inbox}
        title="No run is like that"
        action={<Button onClick={onClear}>Show all of them</Button>}
      />
    );
  }
  return (
    <EmptyState icon={CircleCheck} title="No run needs you">
      Runs that fail, or of which nobody knows whether a step has acted, stand here until somebody decides what becomes
      of them.
    </EmptyState>
  );
}

function Loading() {
  return (
    <div role="status" className="flex flex-col gap-3">
      <span className="sr-only">Loading the runs</span>
      {Array.from({ length: 6 }, (_, i) => (
        <Skeleton key={i} className="h-14 w-full" />
      ))}
    </div>
  );
}
