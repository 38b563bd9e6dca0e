import { formatMs } from "@/ui/duration";
import type { Run } from "./types";
import { isOver } from "./types";
import { useClock } from "./useClock";

/** How long a run took, or has been going on. */
export function Took({ run, className }: { run: Run; className?: string }) {
  const goesOn = !isOver(run.status);
  const now = useClock(goesOn, 1_000);
  const ms = tookMs(run, now);
  return <span className={className}>{ms === null ? "" : formatMs(ms)}</span>;
}

function tookMs(run: Run, now: number): number | null {
  if (run.took_ms !== null) return run.took_ms;
  if (run.started_at === null) return null;
  const end = run.finished_at ? Date.parse(run.finished_at) : isOver(run.status) ? null : now;
  if (!end) return null;
  const ms = Math.max(0, end - Date.parse(run.started_at));
  return isOver(run.status) ? ms : Math.round(ms / 1000) * 1000;
}
