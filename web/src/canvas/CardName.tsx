import type { GraphNode } from "./graph";

/** A step's name on its card. */
export function CardName({ node }: { node: GraphNode }) {
  return <p className="truncate text-sm font-medium text-ink">{node.title}</p>;
}
