import "@xyflow/react/dist/style.css";
import { type Edge, type Node, ReactFlow } from "@xyflow/react";
import { useSyncExternalStore } from "react";

const COLUMN = 280;
const ROW = 130;

interface Graph {
  nodes: Node[];
  edges: Edge[];
}

/** A chain of that many nodes, in rows as wide as the whole is high. */
function chain(count: number): Graph {
  const perRow = Math.ceil(Math.sqrt((count * ROW * 1.6) / COLUMN));
  const nodes = Array.from({ length: count }, (_, i) => ({
    id: `${i}`,
    position: { x: (i % perRow) * COLUMN, y: Math.floor(i / perRow) * ROW },
    data: { label: `Step ${i + 1}` },
  }));
  const edges = nodes.slice(1).map((node, i) => ({ id: `e${i}`, source: `${i}`, target: node.id }));
  return { nodes, edges };
}

const neverChanges = () => () => undefined;

/** A bare xyflow page of `?nodes=500`, which the canvas is measured against. */
export default function Bare() {
  const address = useSyncExternalStore(
    neverChanges,
    () => window.location.search,
    () => null,
  );
  if (address === null) return null;
  const { nodes, edges } = chain(Number(new URLSearchParams(address).get("nodes") ?? 500));
  return (
    <main style={{ position: "fixed", inset: 0 }}>
      <ReactFlow defaultNodes={nodes} defaultEdges={edges} fitView minZoom={0.05} />
    </main>
  );
}
