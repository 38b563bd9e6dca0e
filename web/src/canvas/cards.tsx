/** How nodes look. Each card draws itself from its node alone and the piece of state that is about it. */
import { Handle, type Node, type NodeProps, type NodeTypes, Position } from "@xyflow/react";
import { CircleStop, OctagonX } from "lucide-react";
import { memo, type MouseEvent } from "react";
import { KindIcon } from "@/ui/KindIcon";
import { cx } from "@/ui/cx";
import { CardMarks } from "./CardMarks";
import { CardName } from "./CardName";
import type { GraphNode } from "./graph";
import type { Direction } from "./layout/layout";
import { useCanvas, useCanvasStore } from "./state";

export type CardNode = Node<{ node: GraphNode; direction: Direction; isEmpty: boolean }>;

const STATUS: Record<string, string> = {
  running: "border-live! ring-2 ring-live-soft",
  started: "border-live! ring-2 ring-live-soft",
  succeeded: "border-good!",
  failed: "border-bad! bg-bad-soft!",
  waiting: "border-warn!",
  asking: "border-warn!",
  skipped: "border-dashed opacity-60",
  cancelled: "border-dashed opacity-60",
};

/** The edge of a card: selected, in a run, target of a connection, or at rest. */
function useEdge(node: GraphNode): string {
  const isSelected = useCanvas((state) => state.selected === node.id);
  const isTarget = useCanvas((state) => state.mode.is === "connecting" && state.mode.to === node.id);
  const status = useCanvas((state) => (node.step === null ? undefined : state.statuses[node.step]?.status));
  return cx(
    isSelected && "canvas-selected",
    isSelected || isTarget ? "border-solid! border-accent! ring-2 ring-accent" : status && STATUS[status],
    isTarget && "bg-accent-soft!",
    !status && node.lane === "errors" && "border-dashed border-line-strong",
  );
}

const StepCard = memo(function StepCard({ data: { node, direction } }: NodeProps<CardNode>) {
  return (
    <div
      className={cx(
        "canvas-card flex size-full items-center gap-2.5 rounded-md border border-line-strong bg-raised pl-2.5 pr-2",
        useEdge(node),
      )}
    >
      <Handles node={node} direction={direction} />
      <KindIcon kind={node.kind} group={node.group} framed className="canvas-far" />
      <div className="canvas-far min-w-0 grow">
        <CardName node={node} />
        <p className="truncate text-xs text-ink-soft">{node.summary}</p>
      </div>
      <CardMarks node={node} />
    </div>
  );
});

const TriggerCard = memo(function TriggerCard({ data: { node, direction } }: NodeProps<CardNode>) {
  return (
    <div
      className={cx(
        "canvas-card flex size-full items-center gap-2.5 rounded-full border border-line-strong bg-paper pl-3 pr-4",
        useEdge(node),
      )}
    >
      <KindIcon kind={node.kind.replace("trigger.", "")} group="trigger" className="canvas-far" />
      <div className="canvas-far min-w-0 grow">
        <p className="truncate text-sm font-medium">{node.title}</p>
        <p className="truncate text-xs text-ink-soft">{node.summary}</p>
      </div>
      <CardMarks node={node} />
      <Handle
        id="out"
        type="source"
        position={direction === "right" ? Position.Right : Position.Bottom}
        isConnectable={false}
      />
    </div>
  );
});

const FrameCard = memo(function FrameCard({ data: { node, direction, isEmpty } }: NodeProps<CardNode>) {
  return (
    <div className={cx("canvas-card size-full rounded-lg border border-line-strong bg-sunken/50", useEdge(node))}>
      <Handles node={node} direction={direction} />
      <div className="canvas-far flex h-[52px] items-center gap-2.5 pl-2.5 pr-2">
        <KindIcon kind={node.kind} group={node.group} framed />
        <div className="min-w-0 grow">
          <CardName node={node} />
          <p className="truncate text-xs text-ink-soft">{node.summary}</p>
        </div>
        <CardMarks node={node} />
      </div>
      {isEmpty && <p className="canvas-far px-3 py-2 text-xs text-ink-faint">No steps in it yet.</p>}
    </div>
  );
});

const EndCard = memo(function EndCard({ data: { node, direction } }: NodeProps<CardNode>) {
  const Icon = node.kind === "stop" ? CircleStop : OctagonX;
  return (
    <div className="canvas-card flex size-full items-center justify-center gap-1.5 rounded-full border border-line-strong bg-paper text-xs font-medium text-ink-soft">
      <Handle
        id="in"
        type="target"
        position={direction === "right" ? Position.Left : Position.Top}
        isConnectable={false}
      />
      <Icon aria-hidden className={cx("size-3.5", node.kind === "fail" && "text-bad")} />
      {node.title}
    </div>
  );
});

/** Where arrows begin and end: in front, behind, and at the side for when the step fails. A click adds a step there. */
function Handles({ node, direction }: { node: GraphNode; direction: Direction }) {
  const isRight = direction === "right";
  const isEditable = useCanvas((state) => state.isEditable);
  const store = useCanvasStore();
  const add = (isError: boolean) => (event: MouseEvent) => {
    event.stopPropagation();
    const spot = { after: node.id, isError };
    if (isEditable) store.getState().perform({ does: "mode", mode: { is: "choosing-kind", spot, at: within(event) } });
  };
  return (
    <>
      <Handle id="in" type="target" position={isRight ? Position.Left : Position.Top} isConnectable={isEditable} />
      <Handle
        id="out"
        type="source"
        position={isRight ? Position.Right : Position.Bottom}
        isConnectable={isEditable}
        onClick={add(false)}
        title={isEditable ? "Click to add a step, drag to connect" : undefined}
      />
      <Handle
        id="error"
        type="source"
        position={isRight ? Position.Bottom : Position.Right}
        isConnectable={isEditable}
        onClick={add(true)}
        title={isEditable ? "When it fails: click to add a step, drag to connect" : undefined}
        className="canvas-error-handle"
      />
    </>
  );
}

function within(event: MouseEvent): { x: number; y: number } | null {
  const pane = event.currentTarget.closest("[role=application]")?.getBoundingClientRect();
  return pane ? { x: event.clientX - pane.left, y: event.clientY - pane.top } : null;
}

export const CARDS: NodeTypes = { step: StepCard, trigger: TriggerCard, frame: FrameCard, end: EndCard };
