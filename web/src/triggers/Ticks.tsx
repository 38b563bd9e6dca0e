import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@/navigation";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { StatusBadge } from "@/ui/StatusBadge";
import { Time } from "@/ui/Time";
import { Part } from "./Card";
import { type Tick, ticksQuery } from "./queries";
import { tickWords } from "./words";

/** What became of the times of a schedule, the latest first. */
export function Ticks({ agentId, triggerId }: { agentId: string; triggerId: string }) {
  const list = useInfiniteQuery(ticksQuery(agentId, triggerId));
  const ticks = list.data?.pages.flatMap((page) => page.ticks) ?? [];
  return (
    <Part title="Last times">
      {list.error && <ErrorNote problem={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton className="h-20" />}
      {list.data && ticks.length === 0 && <p className="text-sm text-ink-soft">It has not been due yet.</p>}
      {ticks.length > 0 && (
        <ul aria-label="Last times" className="divide-y divide-line rounded-md border border-line text-sm">
          {ticks.map((tick) => (
            <Row key={tick.due_at} tick={tick} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button
          size="sm"
          variant="ghost"
          className="mt-2"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show earlier ones
        </Button>
      )}
    </Part>
  );
}

function Row({ tick }: { tick: Tick }) {
  const { word, tone, more } = tickWords(tick);
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
      <Time at={tick.due_at} className="w-32 shrink-0 text-ink-soft" />
      {tick.run_id && tick.status ? (
        <Link href={`/runs/${tick.run_id}`} className="text-link gap-2">
          Run <StatusBadge status={tick.status} />
        </Link>
      ) : (
        <Badge tone={tone}>{word}</Badge>
      )}
      {more && <span className="text-ink-soft">{more}</span>}
    </li>
  );
}
