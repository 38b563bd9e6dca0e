import { memo } from "react";
import { type Graph, type GraphNode, groupedBySource } from "./graph";

/** The steps as a list for those who do not see the canvas: what each is called, what it does, where it leads. */
export const StepList = memo(function StepList({
  graph,
  onSelect,
}: {
  graph: Graph;
  onSelect?: (node: string | null) => void;
}) {
  const names = new Map(graph.nodes.map((node) => [node.id, node.title]));
  const ways = groupedBySource(graph.edges);
  const level = (parent: string | null) => {
    const nodes = graph.nodes.filter((node) => node.parent === parent && node.shape !== "end");
    return nodes.length === 0 ? null : <ol>{nodes.map(item)}</ol>;
  };
  const item = (node: GraphNode) => (
    <li key={node.id}>
      <button type="button" tabIndex={-1} onClick={() => onSelect?.(node.step)}>
        {node.title}, {node.summary}
        {(ways.get(node.id) ?? []).map((edge) => `. ${edge.label ?? "Then"}: ${names.get(edge.to) ?? ""}`).join("")}
      </button>
      {node.shape === "frame" && level(node.id)}
    </li>
  );
  return (
    <nav aria-label="Steps" className="sr-only">
      {level(null)}
    </nav>
  );
});
