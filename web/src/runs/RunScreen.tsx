import { useState } from "react";
import { PageTitle, useGo, useParam, usePlace } from "@/navigation";
import { useCommand } from "@/shell";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { pathOf } from "./choose";
import { type Outline } from "./outline";
import { nodeOf } from "./paths";
import { RunCanvas } from "./RunCanvas";
import { RunFacts } from "./RunFacts";
import { RunHeader } from "./RunHeader";
import { RunMissing, RunSkeleton } from "./RunWaiting";
import { StepPanel } from "./StepPanel";
import { Timeline } from "./Timeline";
import type { Run } from "./types";
import { useChosenStep } from "./useChosenStep";
import { useIsNarrowerThan } from "./useIsNarrowerThan";
import { useOutline } from "./useOutline";
import { useRun } from "./useRun";
import type { RunView } from "./watch";

type Pane = "timeline" | "canvas" | "facts";

/** One run: what its steps did, when, and with what, while it goes on and afterwards. */
export function RunScreen() {
  const { isReady } = usePlace();
  const runId = useParam("run");
  const view = useRun(isReady ? runId : null);
  if (view.state === "failed" && !view.run) return <RunMissing problem={view.problem} />;
  if (!view.run) return <RunSkeleton problem={view.problem} />;
  return <LoadedRun key={view.run.id} view={view} run={view.run} />;
}

function LoadedRun({ view, run }: { view: RunView; run: Run }) {
  const { flow, outline, problem } = useOutline(run);
  const { path, choose } = useChosenStep(run.id);
  const [pane, setPane] = useState<Pane>("timeline");
  const isNarrow = useIsNarrowerThan(1024);
  useCommand({
    id: "run.agent",
    title: `Open ${run.agent.name}`,
    run: useGoTo(`/agents/${run.agent_id}`),
  });
  const canvas = (
    <RunCanvas
      flow={flow}
      problem={problem}
      view={view}
      outline={outline}
      selection={path === null ? null : nodeOf(path)}
      onSelect={(node) => choose(node === null ? null : chosenOn(node, path, view, outline))}
    />
  );
  const timeline = <Timeline view={view} outline={outline} selection={path} onSelect={choose} />;
  const facts = <RunFacts view={view} run={run} flow={flow} outline={outline} />;
  const step = path !== null && <StepPanel view={view} run={run} outline={outline} path={path} onChoose={choose} />;
  return (
    <main className="flex h-full min-h-0 flex-col bg-paper">
      <PageTitle>{`Run of ${run.agent.name}`}</PageTitle>
      <RunHeader view={view} run={run} outline={outline} onChoose={choose} />
      {isNarrow ? (
        <div className="relative flex min-h-0 grow flex-col">
          <div className="shrink-0 border-b border-line p-2">
            <SegmentedControl label="View" segments={PANES} value={pane} onChange={setPane} />
          </div>
          <div className="min-h-0 grow overflow-hidden">
            {pane === "canvas" ? canvas : pane === "facts" ? facts : timeline}
          </div>
          {step && <div className="absolute inset-0 bg-paper">{step}</div>}
        </div>
      ) : (
        <div className="grid min-h-0 grow grid-cols-[minmax(0,1fr)_27rem]">
          <div className="grid min-h-0 grid-rows-[minmax(0,1fr)_minmax(0,1fr)]">
            <div className="min-h-0 bg-desk">{canvas}</div>
            <div className="min-h-0 border-t border-line">{timeline}</div>
          </div>
          <div className="min-h-0 border-l border-line">{step || facts}</div>
        </div>
      )}
    </main>
  );
}

const PANES = [
  { value: "timeline", label: "Timeline" },
  { value: "canvas", label: "Canvas" },
  { value: "facts", label: "About" },
] as const;

function useGoTo(href: string): () => void {
  const go = useGo();
  return () => go(href);
}

/** Choosing on the canvas what is chosen already keeps its turn. Triggers are no steps. */
function chosenOn(node: string, path: string | null, view: RunView, outline: Outline): string | null {
  if (outline.get(node)?.node.type.startsWith("trigger.")) return null;
  return path !== null && nodeOf(path) === node ? path : pathOf(node, view, outline);
}
