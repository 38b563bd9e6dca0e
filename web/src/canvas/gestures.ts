/** What clicks and drags on the canvas come to. */
import type { Connection, FinalConnectionState } from "@xyflow/react";
import type { MouseEvent as ReactMouseEvent } from "react";
import type { CardNode } from "./cards";
import type { Editable } from "./command";
import { canLead } from "./neighbours";
import type { RouteEdgeType } from "./RouteEdge";
import { type CanvasState, type CanvasStore, IDLE } from "./state";
import { connecting } from "./ways";

const HOVER_HELD_MS = 300;

/** Handlers that stay the same for as long as the canvas is there: new ones would have every card drawn anew. */
export function gesturesOf(store: CanvasStore) {
  const perform: CanvasState["perform"] = (outcome) => store.getState().perform(outcome);
  const editable = (): Editable | null => {
    const { situation } = store.getState();
    return situation?.outline ? { ...situation, outline: situation.outline } : null;
  };
  return {
    onNodeClick(_: ReactMouseEvent, { id }: CardNode) {
      const { mode } = store.getState();
      const now = editable();
      if (mode.is !== "connecting") perform({ does: "select", node: id });
      else if (now && canLead(now.graph, mode.from, id)) perform(connecting(now, mode.from, id));
    },
    onNodeDoubleClick(_: ReactMouseEvent, { id, data: { node } }: CardNode) {
      if (node.step === null) return;
      const canRename = editable() !== null && node.shape !== "trigger";
      perform(canRename ? { does: "mode", mode: { is: "renaming", node: id } } : { does: "open", node: node.step });
    },
    onEdgeClick(_: ReactMouseEvent, { id }: RouteEdgeType) {
      if (editable()) perform({ does: "select-edge", edge: id });
    },
    onEdgeMouseEnter(_: ReactMouseEvent, { id }: RouteEdgeType) {
      if (editable()) hoverOf(store).enter(id);
    },
    onEdgeMouseLeave: () => hoverOf(store).leave(),
    onPaneClick() {
      store.setState({ mode: IDLE });
      perform({ does: "select", node: null });
    },
    isValidConnection({ source, target }: Connection | RouteEdgeType) {
      const { situation } = store.getState();
      return situation !== null && canLead(situation.graph, source, target);
    },
    onConnect({ source, target, sourceHandle }: Connection) {
      const now = editable();
      if (now) perform(connecting(now, source, target, sourceHandle === "error" ? "error" : undefined));
    },
    /** A connection that is let go over nothing asks for the step that it shall lead to. */
    onConnectEnd(event: MouseEvent | TouchEvent, { fromNode, fromHandle, toNode }: FinalConnectionState) {
      if (!fromNode || toNode || fromHandle?.type !== "source" || !editable()) return;
      const spot = { after: fromNode.id, isError: fromHandle.id === "error" };
      perform({ does: "mode", mode: { is: "choosing-kind", spot, at: placeOf(event) } });
    },
  };
}

/** Where the pointer is in the pane. */
function placeOf(event: MouseEvent | TouchEvent): { x: number; y: number } | null {
  const rim = (event.target as Element).closest("[role=application]")?.getBoundingClientRect();
  const point = "changedTouches" in event ? event.changedTouches[0] : event;
  return point && rim ? { x: point.clientX - rim.left, y: point.clientY - rim.top } : null;
}

let leaving: ReturnType<typeof setTimeout> | undefined;

/** The arrow under the pointer; it stays the one for a moment, so that the pointer can get to its tools. */
export function hoverOf(store: CanvasStore) {
  return {
    enter(edge: string) {
      clearTimeout(leaving);
      if (store.getState().hovered !== edge) store.setState({ hovered: edge });
    },
    leave() {
      clearTimeout(leaving);
      leaving = setTimeout(() => store.setState({ hovered: null }), HOVER_HELD_MS);
    },
  };
}
