import type { KeyboardEvent } from "react";
import type { Schemas } from "@/client";
import { Link } from "@/navigation";
import { cx } from "@/ui/cx";
import { formatMs } from "@/ui/duration";
import { statusLook } from "@/ui/status";
import { formatRelative } from "@/ui/time";
import { Tooltip } from "@/ui/Tooltip";

type LastRun = Schemas["LastRun"];

const MOST = 12;

/** The last runs of an agent, the newest at the right: each a bar whose colour and shape say how it ended, and a link to
 *  it. The Tab key reaches the newest, the arrow keys the others. */
export function RunStrip({ runs, agent }: { runs: readonly LastRun[]; agent: string }) {
  if (runs.length === 0) return <p className="text-sm text-ink-faint">No runs yet</p>;
  return (
    <ol aria-label={`Last runs of ${agent}`} onKeyDown={moveAlong} className="relative flex h-8 w-fit items-stretch">
      {Array.from({ length: MOST - runs.length }, (_, i) => (
        <li key={i} aria-hidden className="flex w-2.5 items-end justify-center pb-1">
          <span className="h-1 w-1.5 rounded-full bg-line" />
        </li>
      ))}
      {[...runs].reverse().map((run) => (
        <li key={run.id} className="flex">
          <Tooltip text={told(run)}>
            <Link
              href={`/runs/${run.id}`}
              tabIndex={run === runs[0] ? 0 : -1}
              aria-label={told(run)}
              className="group/bar flex w-2.5 items-end justify-center rounded-sm pb-1 pt-1"
            >
              <Bar status={run.status} />
            </Link>
          </Tooltip>
        </li>
      ))}
    </ol>
  );
}

function told({ status, created_at, took_ms }: LastRun): string {
  const took = took_ms === null ? "" : `, took ${formatMs(took_ms)}`;
  return `${statusLook(status).word} ${formatRelative(created_at)}${took}`;
}

const SHAPES: Record<string, string> = {
  succeeded: "h-full bg-good",
  running: "h-3/4 animate-pulse bg-live",
  queued: "h-1/3 border border-idle",
  waiting: "h-3/4 border-2 border-warn",
  cancelled: "h-1/2 bg-idle",
};

/** Whole: succeeded. Like an exclamation mark: failed. Short: cancelled. Hollow: not over. */
function Bar({ status }: { status: string }) {
  const look = "w-1.5 rounded-full transition-transform duration-(--duration-quick) group-hover/bar:scale-x-135";
  if (status !== "failed") return <span className={cx(look, SHAPES[status] ?? "h-1/2 border border-idle")} />;
  return (
    <span className={cx(look, "flex h-full flex-col gap-0.5")}>
      <span className="grow rounded-full bg-bad" />
      <span className="h-1.5 rounded-full bg-bad" />
    </span>
  );
}

function moveAlong(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const bars = [...event.currentTarget.querySelectorAll("a")];
  const next = bars[bars.indexOf(event.target as HTMLAnchorElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
