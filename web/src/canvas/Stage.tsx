/** The pane with the graph in it: what is in view, what is selected, what keys do, what lies over it. */
import { FileWarning, Plus, Workflow } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { Finding, OpenDocument, Spec } from "@/document";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { EmptyState } from "@/ui/EmptyState";
import { Skeleton } from "@/ui/Skeleton";
import style from "./Canvas.module.css";
import type { Situation } from "./command";
import { Controls } from "./Controls";
import { Drawing } from "./Drawing";
import type { Graph, Kinds } from "./graph";
import type { Size } from "./layout/sizes";
import { type LaidOut, useLayout } from "./layout/useLayout";
import { outlineOf } from "./outline";
import { Overlays } from "./Overlays";
import { useCanvas, useCanvasStore } from "./state";
import { StepList } from "./StepList";
import { useKeys, useLeavingOverlays } from "./useKeys";
import { useDirection, usePane } from "./usePane";
import { usePerform } from "./usePerform";
import { useView } from "./useView";

const EMPTY: Graph = { nodes: [], edges: [] };

export interface StageProps {
  graph: Graph | null;
  kinds: Kinds;
  document?: OpenDocument;
  /** What the document says, while it can be changed. */
  spec?: Spec | null;
  canUndo?: boolean;
  canRedo?: boolean;
  selection?: string | null;
  onSelect?: (node: string | null) => void;
  onOpen?: (node: string) => void;
  /** The text cannot be read at present; the finding that says why. */
  broken?: Finding | null;
  /** A person asks for the place of a finding. */
  onFinding?: (finding: Finding) => void;
}

export function Stage(props: StageProps) {
  const { graph, broken, onFinding } = props;
  const pane = useRef<HTMLDivElement>(null);
  const size = usePane(pane);
  const laidOut = useLayout(graph ?? EMPTY, useDirection(size));
  const focus = useCallback(() => pane.current?.focus({ preventScroll: true }), []);
  const onKeyDown = useKeys(pane);
  const onPointerDownCapture = useLeavingOverlays();
  const isReady = graph !== null && size !== null && laidOut !== null;

  return (
    <div className="flex size-full flex-col">
      {broken !== undefined && graph !== null && (
        <Banner
          bar
          tone="warn"
          title="The text cannot be read at present, so the canvas shows it as it was before."
          action={<ToFinding finding={broken} onFinding={onFinding} />}
        >
          {broken && placedMessage(broken)}
        </Banner>
      )}
      <div
        ref={pane}
        role="application"
        aria-label="Canvas. Arrow keys go from step to step, the question mark lists all keys."
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerDownCapture={onPointerDownCapture}
        className={cx("relative min-h-0 w-full grow overflow-hidden bg-desk", style.canvas)}
      >
        {isReady ? (
          <Ready {...props} graph={graph} laidOut={laidOut} pane={size} focus={focus} />
        ) : broken !== undefined ? (
          <Unreadable finding={broken} onFinding={onFinding} />
        ) : (
          <Skeleton className="absolute inset-6" />
        )}
      </div>
    </div>
  );
}

type ReadyProps = StageProps & { graph: Graph; laidOut: LaidOut; pane: Size; focus: () => void };

function Ready(props: ReadyProps) {
  const { graph, laidOut, pane, selection = null, onSelect } = props;
  const store = useCanvasStore();
  const situation = useSituation(props);
  const perform = usePerform({ ...props, store, layout: laidOut.layout });
  useEffect(() => store.setState({ perform, situation }), [store, perform, situation]);
  useSelected(graph, selection);
  useView(laidOut, pane, selection);
  const isEmpty = graph.nodes.length === 0;
  return (
    <>
      {isEmpty ? (
        <Nothing canAdd={situation.outline !== null} />
      ) : (
        <>
          <Drawing laidOut={laidOut} pane={pane} situation={situation} />
          <Controls />
          <StepList graph={graph} onSelect={onSelect} />
          <Announcement situation={situation} />
        </>
      )}
      <Overlays situation={situation} pane={pane} />
    </>
  );
}

/** What commands decide from, as it is now. */
function useSituation({ graph, laidOut, kinds, spec, canUndo = false, canRedo = false }: ReadyProps): Situation {
  const outline = useMemo(() => (spec ? outlineOf(spec) : null), [spec]);
  const mode = useCanvas((state) => state.mode);
  const [selectedId, edgeId] = [useCanvas((state) => state.selected), useCanvas((state) => state.edge)];
  const { layout } = laidOut;
  return useMemo(() => {
    const selected = graph.nodes.find((node) => node.id === selectedId) ?? null;
    const edge = graph.edges.find((one) => one.id === edgeId) ?? null;
    return { graph, layout, outline, kinds, selected, edge, mode, canUndo, canRedo };
  }, [graph, layout, outline, kinds, selectedId, edgeId, mode, canUndo, canRedo]);
}

function Nothing({ canAdd }: { canAdd: boolean }) {
  const store = useCanvasStore();
  const add = () =>
    store.getState().perform({ does: "mode", mode: { is: "choosing-kind", spot: { after: null }, at: null } });
  return (
    <div data-empty className="absolute inset-0 flex items-center justify-center">
      <EmptyState
        icon={Workflow}
        title="No steps yet"
        action={
          canAdd && (
            <Button variant="primary" icon={Plus} shortcut="/" onClick={add}>
              Add the first step
            </Button>
          )
        }
      >
        {canAdd
          ? "Add a step here, or write one into the text under “Steps”: the two always show the same."
          : "What this agent does appears here, step by step."}
      </EmptyState>
    </div>
  );
}

/** A text that could not be read from the start: there is no earlier canvas to show. */
function Unreadable({ finding, onFinding }: { finding: Finding | null } & Pick<StageProps, "onFinding">) {
  return (
    <div className="absolute inset-0 flex items-center justify-center">
      <EmptyState
        icon={FileWarning}
        title="The text cannot be read yet"
        action={<ToFinding finding={finding} onFinding={onFinding} />}
      >
        {finding && `${placedMessage(finding)} `}Once it can be read, its steps appear here.
      </EmptyState>
    </div>
  );
}

function ToFinding({ finding, onFinding }: { finding: Finding | null } & Pick<StageProps, "onFinding">) {
  if (!finding?.line || !onFinding) return null;
  return (
    <Button size="sm" onClick={() => onFinding(finding)}>
      Show in the text
    </Button>
  );
}

function placedMessage({ line, message }: Finding): string {
  return line ? `Line ${line}: ${message}` : message;
}

/** Says what is selected to those who do not see it. */
function Announcement({ situation: { graph, selected } }: { situation: Situation }) {
  const mark = useCanvas((state) => (selected?.step != null ? state.marks[selected.step] : undefined));
  const steps = graph.nodes.filter((node) => node.step !== null);
  return (
    <p role="status" className="sr-only">
      {selected &&
        `${selected.title}, ${steps.indexOf(selected) + 1} of ${steps.length}. ${selected.summary}. ${mark?.text ?? ""}`}
    </p>
  );
}

function useSelected(graph: Graph, selection: string | null): void {
  const store = useCanvasStore();
  useEffect(() => {
    const node = graph.nodes.find((one) => one.step !== null && one.step === selection);
    store.setState({ selected: node?.id ?? null });
  }, [store, graph, selection]);
}
