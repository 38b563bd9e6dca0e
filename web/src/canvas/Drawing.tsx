/** The nodes and arrows themselves, and what the pointer does to them. */
import "@xyflow/react/dist/base.css";
import {
  Background,
  BackgroundVariant,
  type EdgeTypes,
  type FinalConnectionState,
  MiniMap,
  ReactFlow,
} from "@xyflow/react";
import { useMemo, useState } from "react";
import { cx } from "@/ui/cx";
import style from "./Canvas.module.css";
import { CARDS } from "./cards";
import type { Situation } from "./command";
import { EdgeTools, useHover } from "./EdgeTools";
import { elementsMaker } from "./elements";
import type { Size } from "./layout/sizes";
import type { LaidOut } from "./layout/useLayout";
import { canLead } from "./neighbours";
import { RouteEdge } from "./RouteEdge";
import { IDLE, useCanvasStore } from "./state";
import { opening, ZOOM } from "./view";
import { connecting } from "./ways";

const ROUTES: EdgeTypes = { route: RouteEdge };
/** From this many nodes on, only what is in view is drawn. */
const MANY = 800;
const MAP = { from: 8, width: 560 };

interface DrawingProps {
  laidOut: LaidOut;
  pane: Size;
  situation: Situation;
}

export function Drawing({ laidOut, pane, situation }: DrawingProps) {
  const [make] = useState(elementsMaker);
  const { nodes, edges } = useMemo(() => make(laidOut), [make, laidOut]);
  const [isFar, setFar] = useState(false);
  const hover = useHover();
  const gestures = useGestures(situation);
  const isEditable = situation.outline !== null;
  const isLarge = nodes.length > MANY;
  const routes = useMemo(
    () => new Set(laidOut.graph.edges.filter((edge) => edge.route).map((edge) => edge.id)),
    [laidOut.graph],
  );
  return (
    <ReactFlow
      className={cx(isFar && style.far, !isLarge && style.moving, isEditable && style.editable)}
      nodes={nodes}
      edges={edges}
      nodeTypes={CARDS}
      edgeTypes={ROUTES}
      nodesDraggable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      nodesConnectable={isEditable}
      connectOnClick={false}
      elementsSelectable={false}
      zoomOnDoubleClick={false}
      zIndexMode="manual"
      defaultViewport={opening(laidOut.layout, pane)}
      minZoom={ZOOM.least}
      maxZoom={ZOOM.most}
      onlyRenderVisibleElements={isLarge}
      deleteKeyCode={null}
      selectionKeyCode={null}
      disableKeyboardA11y
      onMove={(_, { zoom }) => setFar(zoom < ZOOM.far)}
      onEdgeMouseEnter={isEditable ? (_, edge) => hover.enter(edge.id) : undefined}
      onEdgeMouseLeave={isEditable ? hover.leave : undefined}
      {...gestures}
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} />
      <EdgeTools layout={laidOut.layout} routes={routes} />
      {pane.width > MAP.width && nodes.length > MAP.from && (
        <MiniMap pannable zoomable ariaLabel="Map of the flow" nodeBorderRadius={8} />
      )}
    </ReactFlow>
  );
}

/** What clicks and drags come to. */
function useGestures(situation: Situation) {
  const store = useCanvasStore();
  const { graph, outline } = situation;
  const { perform } = store.getState();
  const leadFrom = (handle: string | null | undefined) => (handle === "error" ? ("error" as const) : undefined);
  return {
    onNodeClick: (_: unknown, { id }: { id: string }) => perform({ does: "select", node: id }),
    onNodeDoubleClick(
      _: unknown,
      { id, data }: { id: string; data: { node: { step: string | null; shape: string } } },
    ) {
      const { step, shape } = data.node;
      if (outline !== null && step !== null && shape !== "trigger") {
        perform({ does: "mode", mode: { is: "renaming", node: id } });
      } else if (step !== null) perform({ does: "open", node: step });
    },
    onEdgeClick(_: unknown, { id }: { id: string }) {
      if (outline !== null) perform({ does: "select-edge", edge: id });
    },
    onPaneClick() {
      store.setState({ mode: IDLE });
      perform({ does: "select", node: null });
    },
    isValidConnection: ({ source, target }: { source: string; target: string }) => canLead(graph, source, target),
    onConnect({ source, target, sourceHandle }: { source: string; target: string; sourceHandle: string | null }) {
      if (outline !== null) perform(connecting({ ...situation, outline }, source, target, leadFrom(sourceHandle)));
    },
    /** A connection that is let go over nothing asks for the step that it shall lead to. */
    onConnectEnd(event: MouseEvent | TouchEvent, { fromNode, fromHandle, toNode, pointer }: FinalConnectionState) {
      if (!fromNode || toNode || fromHandle?.type !== "source" || outline === null) return;
      const spot = { after: fromNode.id, isError: fromHandle.id === "error" };
      const rim = (event.target as Element).closest("[role=application]")?.getBoundingClientRect();
      const finger = "changedTouches" in event ? event.changedTouches[0] : event;
      const at = finger && rim ? { x: finger.clientX - rim.left, y: finger.clientY - rim.top } : pointer;
      perform({ does: "mode", mode: { is: "choosing-kind", spot, at } });
    },
  };
}
