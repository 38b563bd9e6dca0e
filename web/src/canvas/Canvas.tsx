/** The door of the canvas. */
import { ReactFlowProvider } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { type Finding, type Flow, type OpenDocument, useDocument } from "@/document";
import { buildGraph, type Kinds } from "./graph";
import { CanvasStoreProvider, createCanvasStore, marksOf, type StepState } from "./state";
import { Stage, type StageProps } from "./Stage";

export interface CanvasProps {
  /** Drawn from what was last read in it; changes are written into it unless `readOnly`. */
  document?: OpenDocument;
  /** Instead of a document: a flow to show. */
  flow?: Flow | null;
  findings?: readonly Finding[];
  /** The selected step or trigger, by its id in the document. */
  selection?: string | null;
  onSelect?: (node: string | null) => void;
  /** A person asks for the settings of what is selected. */
  onOpen?: (node: string) => void;
  /** A person asks for the place of a finding in the text. */
  onFinding?: (finding: Finding) => void;
  readOnly?: boolean;
  /** How the steps of a run are, by step id. */
  statuses?: Readonly<Record<string, StepState>>;
  kinds: Kinds;
}

/** A flow as a graph, filling its parent. */
export function Canvas({ document, ...props }: CanvasProps) {
  return document ? <DocumentCanvas {...props} document={document} /> : <Drawn {...props} />;
}

/** The document's selection is the canvas's, both ways. */
function DocumentCanvas({ document, onSelect, readOnly, ...props }: CanvasProps & { document: OpenDocument }) {
  const drawn = useDocument(document, (state) => state.drawn);
  const selected = useDocument(document, (state) => state.selection.node);
  const canUndo = useDocument(document, (state) => state.can_undo);
  const canRedo = useDocument(document, (state) => state.can_redo);
  const isBroken = useDocument(document, (state) => state.is_broken);
  const cause = useDocument(document, (state) =>
    state.reading?.findings.find((finding) => finding.severity !== "warning"),
  );
  const select = useCallback(
    (node: string | null) => {
      document.select(node, "canvas");
      onSelect?.(node);
    },
    [document, onSelect],
  );
  return (
    <Drawn
      {...props}
      flow={drawn?.flow ?? null}
      findings={drawn?.findings}
      selection={selected}
      onSelect={select}
      {...(readOnly ? {} : { document, canUndo, canRedo, spec: isBroken ? null : drawn?.spec })}
      broken={isBroken ? (cause ?? null) : undefined}
    />
  );
}

const NOTHING = {};
const NO_FINDINGS: readonly Finding[] = [];

type DrawnProps = CanvasProps & Pick<StageProps, "broken" | "spec" | "canUndo" | "canRedo">;

function Drawn({ flow, kinds, findings = NO_FINDINGS, statuses = NOTHING, ...props }: DrawnProps) {
  const [store] = useState(createCanvasStore);
  const graph = useMemo(() => (flow ? buildGraph(flow, kinds) : null), [flow, kinds]);
  const marks = useMemo(() => marksOf(findings), [findings]);
  const isEditable = props.spec != null;
  useEffect(() => store.setState({ statuses, marks, isEditable }), [store, statuses, marks, isEditable]);
  return (
    <CanvasStoreProvider value={store}>
      <ReactFlowProvider>
        <Stage {...props} graph={graph} kinds={kinds} />
      </ReactFlowProvider>
    </CanvasStoreProvider>
  );
}
