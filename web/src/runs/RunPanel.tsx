import { ArrowUpRight } from "lucide-react";
import { useState } from "react";
import { Button, LinkButton } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { formatUsd } from "@/ui/money";
import { SkeletonLines } from "@/ui/Skeleton";
import { StatusBadge } from "@/ui/StatusBadge";
import { Tree } from "@/ui/Tree";
import { CancelRun } from "./CancelRun";
import { nodeOf } from "./paths";
import { PanelStep } from "./PanelStep";
import { RunNotes } from "./RunNotes";
import { Took } from "./Took";
import type { Run } from "./types";
import { useOutline } from "./useOutline";
import { useRun } from "./useRun";
import { useTimeline } from "./useTimeline";

/** Beyond this the run's own screen is the better place. */
const MOST_ROWS = 200;

/** A run while it goes on, small enough to stand beside the text. `onOpenStep`: a person wants a step's settings. */
export function RunPanel({ runId, onOpenStep }: { runId: string; onOpenStep: (node: string) => void }) {
  const view = useRun(runId);
  const { run } = view;
  const { outline } = useOutline(run);
  const { rows, fold } = useTimeline(view, outline);
  const [openPath, setOpenPath] = useState<string | null>(null);
  if (!run) return <Unloaded problem={view.state === "failed" ? view.problem : null} />;
  const openSettings = (path: string) => (
    <Button size="sm" onClick={() => onOpenStep(nodeOf(path))}>
      Open in settings
    </Button>
  );
  return (
    <section aria-label="Run" className="flex flex-col gap-3 p-4">
      <Head run={run} />
      <RunNotes view={view} outline={outline} action={openSettings} />
      <ul className="flex flex-col" aria-label="Steps">
        {rows.slice(0, MOST_ROWS).map((row) => (
          <PanelStep
            key={row.key}
            row={row}
            step={view.steps.get(row.path)}
            delta={view.deltas.get(row.path)}
            isShown={openPath === row.key}
            onShow={() => setOpenPath(openPath === row.key ? null : row.key)}
            onFold={() => fold(row.key, !row.isOpen)}
            settings={openSettings(row.path)}
          />
        ))}
      </ul>
      {rows.length > MOST_ROWS && (
        <p className="text-sm text-ink-soft">And {rows.length - MOST_ROWS} more: open the run to see all of it.</p>
      )}
      {run.status === "succeeded" && run.output !== null && (
        <div className="flex flex-col gap-2 border-t border-line pt-3">
          <h3 className="text-sm font-semibold">Output</h3>
          <Tree key={run.id} value={run.output} name="Output" />
        </div>
      )}
    </section>
  );
}

function Head({ run }: { run: Run }) {
  return (
    <header className="flex flex-wrap items-center gap-2">
      <StatusBadge status={run.ask === null ? run.status : "asking"} />
      <Took run={run} className="text-sm tabular-nums text-ink-soft" />
      {run.cost_usd > 0 && <span className="text-sm tabular-nums text-ink-soft">{formatUsd(run.cost_usd)}</span>}
      <span className="grow" />
      <CancelRun run={run} />
      <LinkButton size="sm" variant="ghost" icon={ArrowUpRight} href={`/runs/${run.id}`}>
        Open run
      </LinkButton>
    </header>
  );
}

function Unloaded({ problem }: { problem: unknown }) {
  return (
    <div className="p-4">
      {problem ? <ErrorNote problem={problem} /> : <SkeletonLines lines={4} label="Loading the run" />}
    </div>
  );
}
