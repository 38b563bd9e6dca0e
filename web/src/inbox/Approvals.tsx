import { useInfiniteQuery } from "@tanstack/react-query";
import { Stamp } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { Skeleton } from "@/ui/Skeleton";
import { ApprovalCard } from "./ApprovalCard";
import { approvalsQuery } from "./queries";

type Which = "open" | "closed";

/** What runs ask people: those that still wait, or those that were decided. */
export function Approvals() {
  const [which, setWhich] = useState<Which>("open");
  const { data, error, isPending, isFetching, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(approvalsQuery(which));
  const approvals = data?.pages.flatMap((page) => page.approvals) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <SegmentedControl label="Which approvals" segments={WHICH} value={which} onChange={setWhich} />
      {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {isPending && <Loading />}
      {data && approvals.length === 0 && <Nothing which={which} />}
      <div className="flex max-w-200 flex-col gap-4">
        {approvals.map((approval) => (
          <ApprovalCard key={approval.id} approval={approval} />
        ))}
      </div>
      {hasNextPage && (
        <Button className="self-start" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older ones
        </Button>
      )}
    </div>
  );
}

const WHICH = [
  { value: "open", label: "Open" },
  { value: "closed", label: "Closed" },
] as const;

function Nothing({ which }: { which: Which }) {
  if (which === "closed")
    return (
      <EmptyState icon={Stamp} title="Nothing has been decided yet">
        What was approved, rejected or not decided in time is kept here, with who decided.
      </EmptyState>
    );
  return (
    <EmptyState icon={Stamp} title="Nothing waits for an approval">
      When a run comes to a step “Ask for approval”, its question stands here until somebody decides.
    </EmptyState>
  );
}

function Loading() {
  return (
    <div role="status" className="flex max-w-200 flex-col gap-4">
      <span className="sr-only">Loading the approvals</span>
      {[0, 1].map((i) => (
        <Skeleton key={i} className="h-56 w-full" />
      ))}
    </div>
  );
}
