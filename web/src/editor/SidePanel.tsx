import { Settings2, SquareActivity, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { type OpenDocument, useDocument } from "@/document";
import { RunPanel } from "@/runs";
import { RunForm } from "@/run_form";
import { type LastValues, StepSettings } from "@/settings";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { IconButton } from "@/ui/IconButton";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { SkeletonLines } from "@/ui/Skeleton";
import { countWords, isError } from "./findings";
import type { Running } from "./running";
import { closeSide, openSide, type Side, useEditor, useEditorStore } from "./state";

export interface SidePanelProps {
  document: OpenDocument;
  side: NonNullable<Side>;
  running: Running;
  lastValues: LastValues | null;
  readOnly: boolean;
  /** The panel is a tab of its own, which cannot be closed. */
  isTab?: boolean;
}

/** What stands beside the canvas: the settings of what is selected, or the run. */
export function SidePanel({ document, side, running, lastValues, readOnly, isTab }: SidePanelProps) {
  const store = useEditorStore();
  const node = useDocument(document, (state) => state.selection.node);
  const panel = useCalled();
  return (
    <aside
      {...panel}
      aria-label={side === "run" ? "Run" : "Settings"}
      className="flex h-full min-h-0 flex-col bg-raised"
    >
      {!isTab && (
        <header className="flex min-h-10 shrink-0 items-center justify-between gap-2 border-b border-line px-2">
          <SegmentedControl
            label="Panel"
            segments={[
              { value: "settings", label: node === null ? "Agent" : "Settings", icon: Settings2 },
              { value: "run", label: "Run", icon: SquareActivity },
            ]}
            value={side}
            onChange={(next) => openSide(store, next)}
          />
          <IconButton label="Close the panel" icon={X} onClick={() => closeSide(store)} />
        </header>
      )}
      <div className="min-h-0 grow overflow-y-auto">
        {side === "settings" ? (
          <StepSettings document={document} node={node} lastValues={lastValues} readOnly={readOnly} />
        ) : (
          <RunSide document={document} running={running} before={lastValues?.inputs} />
        )}
      </div>
    </aside>
  );
}

/** Takes the focus when it is called for by a key, and gives it back on Escape. */
function useCalled() {
  const store = useEditorStore();
  const panel = useRef<HTMLElement>(null);
  const caller = useEditor((state) => state.called_from);
  useEffect(() => {
    if (caller) panel.current?.querySelector<HTMLElement>("input, [contenteditable=true], textarea")?.focus();
  }, [caller]);
  const leave = ({ key, defaultPrevented, currentTarget, target }: KeyboardEvent<HTMLElement>) => {
    // Popups of the panel are elsewhere in the page; their Escape is theirs.
    if (key !== "Escape" || defaultPrevented || !caller || !currentTarget.contains(target as Node)) return;
    store.setState({ called_from: null });
    if (caller instanceof HTMLElement) caller.focus();
  };
  return { ref: panel, onKeyDown: leave };
}

const NO_INPUTS = {};

interface RunSideProps {
  document: OpenDocument;
  running: Running;
  /** What the last run was given. */
  before: Record<string, unknown> | undefined;
}

/** The run: its inputs before it starts, then how it goes on. */
function RunSide({ document, running, before }: RunSideProps) {
  const store = useEditorStore();
  const inputs = useDocument(document, (state) => state.drawn?.spec?.inputs) ?? NO_INPUTS;
  const openStep = (node: string) => {
    document.select(node, "elsewhere");
    openSide(store, "settings");
  };
  if (running.is_blocked) return <Blocked document={document} running={running} />;
  if (running.is_asking) {
    return (
      <div className="p-4">
        <h2 className="mb-4 text-base font-semibold">What should this run be given?</h2>
        <RunForm
          inputs={inputs}
          initial={running.inputs ?? before}
          busy={running.busy}
          problem={running.problem}
          onStart={running.start}
          onCancel={running.runId ? running.cancel : undefined}
        />
      </div>
    );
  }
  if (running.busy) return <SkeletonLines lines={5} label="Starting the run" className="p-4" />;
  if (running.problem != null) return <ErrorNote problem={running.problem} onRetry={running.run} className="m-4" />;
  if (!running.runId) return <NothingRun running={running} hasInputs={Object.keys(inputs).length > 0} />;
  return (
    <>
      <RunPanel key={running.runId} runId={running.runId} onOpenStep={openStep} />
      <div className="flex flex-wrap gap-2 border-t border-line p-4">
        <Button size="sm" onClick={running.again}>
          Run again
        </Button>
        {Object.keys(inputs).length > 0 && (
          <Button size="sm" variant="ghost" onClick={running.ask}>
            With other inputs
          </Button>
        )}
      </div>
    </>
  );
}

function NothingRun({ running, hasInputs }: { running: Running; hasInputs: boolean }) {
  return (
    <EmptyState
      icon={SquareActivity}
      title="Nothing has been run from here"
      action={
        <>
          <Button variant="primary" onClick={running.run}>
            Run the draft
          </Button>
          {hasInputs && <Button onClick={running.ask}>With other inputs</Button>}
        </>
      }
    >
      The text is kept as a version, and a run of it starts at once. It does everything for real: mails are sent,
      records are written.
    </EmptyState>
  );
}

/** Errors keep the draft from running. When they are mended, it can be tried again from here. */
function Blocked({ document, running }: { document: OpenDocument; running: Running }) {
  const words = useDocument(document, (state) => countWords(state.reading?.findings.filter(isError) ?? []));
  return (
    <div className="p-4">
      <Banner
        tone={words ? "bad" : "good"}
        title={words ? `${words} to mend before this can run.` : "The errors are mended."}
        action={
          !words && (
            <Button size="sm" variant="primary" onClick={running.run}>
              Run
            </Button>
          )
        }
      >
        {words && "They are listed below the text; each leads to its place."}
      </Banner>
    </div>
  );
}
