/** The nodes and arrows themselves, and what the pointer does to them. */
import "@xyflow/react/dist/base.css";
import { Background, BackgroundVariant, type EdgeTypes, MiniMap, ReactFlow } from "@xyflow/react";
import { useMemo, useState } from "react";
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
import { opening, ZOOM } from "./view";

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
  const store = useCanvasStore();
  const [isFar, setFar] = useState(false);
  const [gestures] = useState(() => gesturesOf(store));
  const isEditable = situation.outline !== null;
  const isLarge = nodes.length > MANY;
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
      onlyRenderVisibleElements={isLarge}
      deleteKeyCode={null}
      selectionKeyCode={null}
      disableKeyboardA11y
      onMove={(_, { zoom }) => setFar(zoom < ZOOM.far)}
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
