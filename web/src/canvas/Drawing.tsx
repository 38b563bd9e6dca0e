/** The nodes and arrows themselves, and what the pointer does to them. */
import "@xyflow/react/dist/base.css";
import { Background, BackgroundVariant, type EdgeTypes, MiniMap, ReactFlow } from "@xyflow/react";
import { startTransition, useEffect, useMemo, useState } from "react";
import { cx } from "@/ui/cx";
import style from "./Canvas.module.css";
import { CARDS } from "./cards";
import type { Situation } from "./command";
import { EdgeTools } from "./EdgeTools";
import { elementsMaker } from "./elements";
import { gesturesOf } from "./gestures";
import type { Size } from "./layout/sizes";
import type { LaidOut } from "./layout/useLayout";
import { RouteEdge } from "./RouteEdge";
import { useCanvasStore } from "./state";
import { StepTools } from "./StepTools";
import { opening, ZOOM } from "./view";

const ROUTES: EdgeTypes = { route: RouteEdge };
/** From this many nodes on, only what is in view is drawn. */
const MANY = 800;
/** From this many on, what is in view is drawn first, and the rest once the browser has time. */
const SOME = 100;
const REST_AT_LATEST_MS = 1_500;
const MAP = { from: 8, width: 560 };

interface DrawingProps {
  laidOut: LaidOut;
  pane: Size;
  situation: Situation;
}

export function Drawing({ laidOut, pane, situation }: DrawingProps) {
  const [make] = useState(elementsMaker);
  const { nodes, edges } = useMemo(() => make(laidOut), [make, laidOut]);
  const store = useCanvasStore();
  const [isFar, setFar] = useState(false);
  const [gestures] = useState(() => gesturesOf(store));
  const isEditable = situation.outline !== null;
  const isLarge = nodes.length > MANY;
  const isSettled = useIsSettled();
  const routes = useMemo(
    () => new Set(laidOut.graph.edges.filter((edge) => edge.route).map((edge) => edge.id)),
    [laidOut.graph],
  );
  return (
    <ReactFlow
      className={cx(isFar && style.far, !isLarge && style.calm, isEditable && style.editable)}
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
      onlyRenderVisibleElements={isLarge || (nodes.length > SOME && !isSettled)}
      deleteKeyCode={null}
      selectionKeyCode={null}
      disableKeyboardA11y
      onMove={(event, { zoom }) => {
        setFar(zoom < ZOOM.far);
        if (event && !store.getState().isMoved) store.setState({ isMoved: true });
      }}
      {...gestures}
    >
      {!isFar && <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} />}
      <EdgeTools layout={laidOut.layout} routes={routes} />
      <StepTools situation={situation} />
      {pane.width > MAP.width && nodes.length > MAP.from && (
        <MiniMap pannable zoomable ariaLabel="Map of the flow" nodeBorderRadius={8} />
      )}
    </ReactFlow>
  );
}

/** Whether the browser has had a moment to spare since the first drawing. */
function useIsSettled(): boolean {
  const [isSettled, setSettled] = useState(false);
  useEffect(() => whenIdle(() => startTransition(() => setSettled(true))), []);
  return isSettled;
}

/** Calls once nothing more urgent is to be done; Safari cannot tell, so there it is after a while. Gives the way out. */
function whenIdle(call: () => void): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(call, REST_AT_LATEST_MS / 3);
    return () => clearTimeout(timer);
  }
  const request = requestIdleCallback(call, { timeout: REST_AT_LATEST_MS });
  return () => cancelIdleCallback(request);
}
