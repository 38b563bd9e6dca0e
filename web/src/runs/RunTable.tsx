import { type KeyboardEvent, useRef } from "react";
import { Link } from "@/navigation";
import { cx } from "@/ui/cx";
import { formatUsd } from "@/ui/money";
import { StatusBadge } from "@/ui/StatusBadge";
import { Time } from "@/ui/Time";
import { Took } from "./Took";
import { failureOf, type Run } from "./types";
import { triggerWord } from "./words";

/** Runs as a table, on a phone as cards. Each row is one link; the arrow keys go from row to row. */
export function RunTable({ runs }: { runs: readonly Run[] }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...(body.current?.querySelectorAll<HTMLElement>("a[data-run]") ?? [])];
    const next = links[links.indexOf(document.activeElement as HTMLElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <div className="overflow-hidden border-line bg-paper sm:rounded-lg sm:border max-sm:bg-transparent">
      <table className="w-full table-fixed text-sm max-sm:block">
        <caption className="sr-only">Runs, newest first</caption>
        <thead className="text-left text-xs text-ink-faint max-sm:sr-only">
          <tr className="border-b border-line [&>th]:px-2 [&>th]:py-2 [&>th]:font-normal [&>th:first-child]:pl-4 [&>th:last-child]:pr-4">
            <th scope="col" className="w-30">
              Status
            </th>
            <th scope="col">Run</th>
            <th scope="col" className="w-28 max-lg:hidden">
              Trigger
            </th>
            <th scope="col" className="w-32">
              Started
            </th>
            <th scope="col" className="w-24 text-right">
              Took
            </th>
            <th scope="col" className="w-22 text-right max-md:hidden">
              Cost
            </th>
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKeyDown} className="max-sm:flex max-sm:flex-col max-sm:gap-2">
          {runs.map((run) => (
            <Row key={run.id} run={run} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const CARD =
  "max-sm:grid max-sm:grid-cols-[1fr_auto] max-sm:gap-x-3 max-sm:gap-y-1 max-sm:rounded-md max-sm:border max-sm:bg-paper max-sm:p-3";

function Row({ run }: { run: Run }) {
  return (
    <tr
      className={cx(
        "relative border-b border-line align-middle hover:bg-raised focus-within:bg-raised sm:last:border-b-0",
        "[&>td]:px-2 [&>td]:py-2.5 sm:[&>td:first-child]:pl-4 sm:[&>td:last-child]:pr-4 max-sm:[&>td]:p-0",
        CARD,
      )}
    >
      <td className="max-sm:order-2">
        <StatusBadge status={run.ask === null ? run.status : "asking"} />
      </td>
      <td className="min-w-0 max-sm:order-1">
        <Link
          href={`/runs/${run.id}`}
          data-run
          className="block truncate font-medium outline-offset-4! after:absolute after:inset-0 after:content-['']"
        >
          <bdi>{run.agent.name}</bdi> <span className="font-normal text-ink-faint">v{run.version}</span>
        </Link>
        <Why run={run} />
      </td>
      <td className="text-ink-soft max-lg:hidden">{triggerWord(run.trigger.kind)}</td>
      <td className="text-ink-soft max-sm:order-3">
        <Time at={run.started_at ?? run.created_at} />
      </td>
      <td className="text-right tabular-nums text-ink-soft max-sm:order-4">
        <Took run={run} />
      </td>
      <td className="text-right tabular-nums text-ink-soft max-md:hidden">
        {run.cost_usd > 0 ? formatUsd(run.cost_usd) : <span className="text-ink-faint">–</span>}
      </td>
    </tr>
  );
}

function Why({ run }: { run: Run }) {
  const failure = run.status === "failed" ? failureOf(run.failure) : null;
  if (failure)
    return (
      <p className="truncate text-ink-soft" title={failure.message}>
        {failure.message}
      </p>
    );
  if (run.status === "waiting" && run.wake_at) {
    return (
      <p className="truncate text-ink-soft">
        Goes on <Time at={run.wake_at} />
      </p>
    );
  }
  return null;
}
