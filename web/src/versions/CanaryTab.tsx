import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { canariesQuery, underWay } from "./canaries";
import { CanaryStart } from "./CanaryStart";
import { CanaryUnderWay } from "./CanaryUnderWay";
import { PastCanary } from "./PastCanary";
import type { Which } from "./place";
import type { Agent } from "./queries";

const OFTEN_MS = 4_000;

/** A candidate that takes a share of the runs: how it fares, or how one is begun; and those that were. */
export function CanaryTab({ agent, chosen }: { agent: Agent; chosen: Which | null }) {
  const list = useInfiniteQuery({ ...canariesQuery(agent.id), refetchInterval: OFTEN_MS });
  if (list.error && !list.data) return <ErrorNote problem={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton className="h-60" />;
  const current = underWay(list.data);
  const past = list.data.pages.flatMap((page) => page.canaries).filter(({ outcome }) => outcome !== null);
  return (
    <div className="flex flex-col gap-10">
      {current ? (
        <CanaryUnderWay key={current.id} canary={current} />
      ) : (
        <CanaryStart key={String(chosen)} agent={agent} chosen={chosen} last={past[0] ?? null} />
      )}
      {past.length > 0 && (
        <section className="flex flex-col gap-3">
          <h2 className="text-lg font-semibold">Those that were</h2>
          <ul aria-label="Those that were" className="divide-y divide-line rounded-lg border border-line bg-paper">
            {past.map((one) => (
              <PastCanary key={one.id} canary={one} />
            ))}
          </ul>
          {list.hasNextPage && (
            <Button size="sm" variant="ghost" className="self-start" onClick={() => void list.fetchNextPage()}>
              Show older ones
            </Button>
          )}
        </section>
      )}
    </div>
  );
}
