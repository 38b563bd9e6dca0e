import type { ReactNode } from "react";
import type { Flow } from "@/document/types";
import { formatMs } from "@/ui/duration";
import { formatUsd } from "@/ui/money";
import { Time } from "@/ui/Time";
import { Tree } from "@/ui/Tree";
import { CopyButton } from "@/ui/CopyButton";
import type { Outline } from "./outline";
import { hasOrigin, RunChildren, RunOrigin } from "./RunFamily";
import { isOver, type Run } from "./types";
import type { RunView } from "./watch";
import { resolutionWord, triggerWord } from "./words";

/** The run as a whole: its inputs, its output, its times. Stands where a step stands once one is chosen. */
export function RunFacts({
  view,
  run,
  flow,
  outline,
}: {
  view: RunView;
  run: Run;
  flow: Flow | null;
  outline: Outline;
}) {
  const hasInputs = Object.keys(run.inputs).length > 0;
  return (
    <section aria-label="About this run" className="flex h-full flex-col gap-5 overflow-y-auto p-4">
      <Part title="Output">
        {run.output !== null ? (
          <div className="max-h-120 overflow-y-auto">
            <Tree key={run.finished_at} value={run.output} name="Output" />
          </div>
        ) : (
          <p className="text-sm text-ink-soft">
            {isOver(run.status) ? "It gave none." : "It comes when the run ends."}
          </p>
        )}
      </Part>
      <Part title="Inputs">
        {hasInputs ? (
          <Tree value={run.inputs} name="Inputs" base="inputs" />
        ) : (
          <p className="text-sm text-ink-soft">
            {Object.keys(flow?.inputs ?? {}).length
              ? "None were given: the defaults counted."
              : "The agent takes none."}
          </p>
        )}
      </Part>
      <RunChildren view={view} outline={outline} />
      {hasOrigin(run) && (
        <Part title="Comes of">
          <RunOrigin run={run} />
        </Part>
      )}
      <Part title="About">
        <Lines run={run} />
      </Part>
      {run.trigger.kind !== "manual" && Object.keys(run.trigger).length > 1 && (
        <Part title="Trigger">
          <Tree value={run.trigger} name="Trigger" base="trigger" />
        </Part>
      )}
    </section>
  );
}

function Lines({ run }: { run: Run }) {
  return (
    <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-y-1.5 text-sm">
      <Line name="Started by">{triggerWord(run.trigger.kind)}</Line>
      <Line name="Made">
        <Time at={run.created_at} />
      </Line>
      <Line name="Started">{run.started_at ? <Time at={run.started_at} /> : "not yet"}</Line>
      {run.finished_at && (
        <Line name="Ended">
          <Time at={run.finished_at} />
        </Line>
      )}
      {run.resolution && run.resolved_at && (
        <Line name="Dealt with">
          {resolutionWord(run.resolution)} <Time at={run.resolved_at} />
        </Line>
      )}
      {queuedMs(run) > 1_000 && <Line name="Queued for">{formatMs(queuedMs(run))}</Line>}
      {run.deadline_at && (
        <Line name="Must end">
          <Time at={run.deadline_at} />
        </Line>
      )}
      <Line name="Model tokens">{run.tokens.toLocaleString("en")}</Line>
      <Line name="Cost">{formatUsd(run.cost_usd)}</Line>
      <Line name="Id">
        <span className="flex items-center gap-1">
          <span className="truncate font-mono text-xs">{run.id}</span>
          <CopyButton text={run.id} label="Copy the run's id" />
        </span>
      </Line>
    </dl>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-2">
      <h2 className="text-sm font-semibold">{title}</h2>
      {children}
    </div>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function queuedMs(run: Run): number {
  return run.started_at ? Date.parse(run.started_at) - Date.parse(run.created_at) : 0;
}
