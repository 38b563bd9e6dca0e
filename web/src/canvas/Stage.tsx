/** The graph in its pane: what is drawn, what is in view, what is selected. */
import "@xyflow/react/dist/base.css";
import { Background, BackgroundVariant, type EdgeTypes, MiniMap, ReactFlow, useReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { OpenDocument } from "@/document";
import { cx } from "@/ui/cx";
import { Skeleton } from "@/ui/Skeleton";
import style from "./Canvas.module.css";
import { CARDS } from "./cards";
import { Controls } from "./Controls";
import { elementsMaker, type Elements } from "./elements";
import type { Graph } from "./graph";
import { useLayout, type LaidOut } from "./layout/useLayout";
import { RouteEdge } from "./RouteEdge";
import { useCanvasStore } from "./state";
import { StepList } from "./StepList";
import { usePane } from "./usePane";
import type { Size } from "./layout/sizes";
import { absoluteBox, directionIn, opening, showing, ZOOM } from "./view";

const ROUTES: EdgeTypes = { route: RouteEdge };
/** From this many nodes on, only what is in view is drawn. */
const MANY = 800;
const EMPTY: Graph = { nodes: [], edges: [] };

export interface StageProps {
  graph: Graph | null;
  document?: OpenDocument;
  selection?: string | null;
  onSelect?: (node: string | null) => void;
  onOpen?: (node: string) => void;
}

/** The pane with the graph in it, and what lies over it. */
export function Stage(props: StageProps) {
  const { graph, selection = null, onSelect } = props;
  const pane = useRef<HTMLDivElement>(null);
  const size = usePane(pane);
  const laidOut = useLayout(graph ?? EMPTY, directionIn(size?.width ?? 0));
  useSelected(graph, selection);
  const isReady = graph !== null && size !== null && laidOut !== null;

  return (
    <div
      ref={pane}
      role="application"
      aria-label="Canvas. Arrow keys move from step to step."
      tabIndex={0}
      className={cx("relative size-full overflow-hidden bg-desk", style.canvas)}
    >
      {isReady ? (
        <>
          <Drawing {...props} laidOut={laidOut} pane={size} />
          <Controls laidOut={laidOut} pane={size} />
          <StepList graph={graph} onSelect={onSelect} />
        </>
      ) : (
        <Skeleton className="absolute inset-6" />
      )}
    </div>
  );
}

/** The nodes and arrows themselves. */
function Drawing({ laidOut, pane, selection = null, onSelect, onOpen }: StageProps & { laidOut: LaidOut; pane: Size }) {
  useView(laidOut, pane, selection);
  const { nodes, edges } = useElements(laidOut);
  const store = useCanvasStore();
  const [isFar, setFar] = useState(false);
  const isLarge = nodes.length > MANY;
  const hasMap = pane.width > 560 && nodes.length > 8;
  const select = (node: string | null) => {
    store.setState({ edge: null });
    onSelect?.(node);
  };
  return (
    <ReactFlow
      className={cx(isFar && style.far, !isLarge && style.moving)}
      nodes={nodes}
      edges={edges}
      nodeTypes={CARDS}
      edgeTypes={ROUTES}
      nodesDraggable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      nodesConnectable={false}
      elementsSelectable={false}
      zoomOnDoubleClick={false}
      zIndexMode="manual"
      defaultViewport={opening(laidOut.layout, pane)}
      minZoom={ZOOM.least}
      maxZoom={ZOOM.most}
      onlyRenderVisibleElements={isLarge}
      deleteKeyCode={null}
      disableKeyboardA11y
      onMove={(_, { zoom }) => setFar(zoom < ZOOM.far)}
      onNodeClick={(_, node) => select(node.data.node.step)}
      onNodeDoubleClick={(_, node) => node.data.node.step !== null && onOpen?.(node.data.node.step)}
      onPaneClick={() => select(null)}
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} />
      {hasMap && <MiniMap pannable zoomable ariaLabel="Map of the flow" nodeBorderRadius={8} />}
    </ReactFlow>
  );
}

function useElements(laidOut: LaidOut | null): Elements {
  const [make] = useState(elementsMaker);
  return useMemo(() => make(laidOut), [make, laidOut]);
}

/** Where the person looks: the beginning, and again when the graph turns; then whatever is selected elsewhere. */
function useView({ graph, layout }: LaidOut, pane: Size, selection: string | null): void {
  const flow = useReactFlow();
  const direction = useRef(layout.direction);
  useEffect(() => {
    if (direction.current !== layout.direction) {
      direction.current = layout.direction;
      void flow.setViewport(opening(layout, pane));
    }
    const node = graph.nodes.find((one) => one.step !== null && one.step === selection);
    const box = node && absoluteBox(layout, graph, node.id);
    if (!box) return;
    const now = flow.getViewport();
    const wanted = showing(box, now, pane);
    if (wanted !== now) void flow.setViewport(wanted, { duration: 180 });
  }, [flow, graph, layout, pane, selection]);
}

function useSelected(graph: Graph | null, selection: string | null): void {
  const store = useCanvasStore();
  useEffect(() => {
    const node = graph?.nodes.find((one) => one.step !== null && one.step === selection);
    store.setState({ selected: node?.id ?? null });
  }, [store, graph, selection]);
}
