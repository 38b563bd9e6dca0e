/** An arrow along the way that the layout found for it, and the words on it. */
import { type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { cx } from "@/ui/cx";
import type { GraphEdge } from "./graph";
import type { DrawnPath } from "./layout/layout";
import { labelWidth } from "./layout/sizes";
import { useCanvas, useCanvasStore } from "./state";

/** Labels lie above all arrows; the layout keeps them off the cards. */
const ABOVE = 100;

export type RouteEdgeType = Edge<{ edge: GraphEdge; path: DrawnPath }, "route">;

export const RouteEdge = memo(function RouteEdge({ data }: EdgeProps<RouteEdgeType>) {
  const isSelected = useCanvas((state) => state.edge === data?.edge.id);
  const isEditable = useCanvas((state) => state.isEditable && data?.edge.route != null);
  if (!data) return null;
  const { edge, path } = data;
  return (
    <>
      <path
        d={path.d}
        fill="none"
        className={cx(
          "canvas-route",
          isSelected ? "canvas-route-selected" : edge.role === "error" && "canvas-route-error",
        )}
      />
      {isEditable && <path d={path.d} fill="none" strokeOpacity={0} strokeWidth={18} />}
      {path.label && edge.label !== null && (
        <EdgeLabelRenderer>
          <RouteLabel edge={edge} at={path.label} isSelected={isSelected} />
        </EdgeLabelRenderer>
      )}
    </>
  );
});

function RouteLabel({ edge, at, isSelected }: { edge: GraphEdge; at: { x: number; y: number }; isSelected: boolean }) {
  const store = useCanvasStore();
  const isEditable = useCanvas((state) => state.isEditable);
  const width = labelWidth(edge);
  const look = cx(
    "canvas-far absolute flex h-[22px] items-center justify-center rounded-sm border bg-paper px-1.5 text-xs",
    edge.role === "error" ? "text-bad" : "text-ink-soft",
    edge.lead === "if" && "font-mono",
    isSelected ? "border-accent" : "border-line",
  );
  const place = { transform: `translate(${at.x - width / 2}px, ${at.y - 11}px)`, width, zIndex: ABOVE };
  const words = <span className="truncate">{edge.label}</span>;
  if (!isEditable) {
    return (
      <span title={edge.label ?? undefined} style={place} className={look}>
        {words}
      </span>
    );
  }
  return (
    <button
      type="button"
      tabIndex={-1}
      title={edge.label ?? undefined}
      aria-label={`Change the condition ${edge.label}`}
      onClick={() => store.getState().perform({ does: "mode", mode: { is: "editing-label", edge: edge.id } })}
      style={place}
      className={cx(look, "nodrag nopan pointer-events-auto hover:border-accent hover:text-ink")}
    >
      {words}
    </button>
  );
}
