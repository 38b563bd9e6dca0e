import { useRef, useState } from "react";
import type { GraphNode } from "./graph";
import { IDLE, useCanvas, useCanvasStore } from "./state";

/** A step's name on its card; while it is renamed, the field for it. */
export function CardName({ node }: { node: GraphNode }) {
  const isRenamed = useCanvas((state) => state.mode.is === "renaming" && state.mode.node === node.id);
  if (isRenamed) return <NameField node={node} />;
  return <p className="truncate text-sm font-medium text-ink">{node.title}</p>;
}

function NameField({ node }: { node: GraphNode }) {
  const store = useCanvasStore();
  const [name, setName] = useState(node.title);
  const isDone = useRef(false);
  const finish = (isKept: boolean) => {
    if (isDone.current) return;
    isDone.current = true;
    store.setState({ mode: IDLE });
    const wanted = name.trim();
    if (isKept && wanted && wanted !== node.title && node.step !== null) {
      store.getState().perform({ does: "change", changes: [{ op: "rename", node: node.step, name: wanted }] });
    } else {
      store.getState().perform({ does: "select", node: node.id });
    }
  };
  return (
    <input
      data-overlay
      aria-label="Name of the step"
      autoFocus
      maxLength={300}
      value={name}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") finish(true);
        if (event.key === "Escape") finish(false);
      }}
      className="nodrag nopan w-full rounded-sm border border-accent bg-paper px-1 text-sm font-medium text-ink outline-none"
    />
  );
}
