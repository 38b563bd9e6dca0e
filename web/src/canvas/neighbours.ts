/** Where the arrow keys lead: along the arrows, and from one branch to the next beside it. */
import type { Graph, GraphNode } from "./graph";
import type { Layout } from "./layout/layout";
import { absoluteBox } from "./view";

export type Move = "forward" | "back" | "before" | "after";

/** Which way a key goes in a graph that is read to the right, or downwards. */
export function moveOf(key: string, direction: Layout["direction"]): Move | null {
  const right: Record<string, Move> = { Right: "forward", Left: "back", Up: "before", Down: "after" };
  const down: Record<string, Move> = { Down: "forward", Up: "back", Left: "before", Right: "after" };
  return (direction === "right" ? right : down)[key] ?? null;
}

/** The node that a move leads to from another one, or null at the rim. Only what can be selected is gone to. */
export function neighbour(graph: Graph, layout: Layout, from: string | null, move: Move): string | null {
  const nodes = graph.nodes.filter(isSelectable);
  if (from === null) return nodes[0]?.id ?? null;
  switch (move) {
    case "forward":
      return forward(graph, from);
    case "back":
      return back(graph, from);
    default:
      return beside(graph, layout, nodes, from, move);
  }
}

/** Whether a node stands for something in the document. */
export function isSelectable(node: GraphNode): boolean {
  return node.step !== null;
}

function forward(graph: Graph, from: string): string | null {
  const selectable = new Set(graph.nodes.filter(isSelectable).map((node) => node.id));
  const inside = graph.nodes.find((node) => node.parent === from && selectable.has(node.id));
  if (inside) return inside.id;
  const parents = new Map(graph.nodes.map((node) => [node.id, node.parent]));
  for (let at: string | null = from; at !== null; at = parents.get(at) ?? null) {
    const here = at;
    const edge = graph.edges.find((one) => one.from === here && selectable.has(one.to));
    if (edge) return edge.to;
  }
  return null;
}

function back(graph: Graph, from: string): string | null {
  const selectable = new Set(graph.nodes.filter(isSelectable).map((node) => node.id));
  const edge = graph.edges.find((one) => one.to === from && selectable.has(one.from));
  return edge?.from ?? graph.nodes.find((node) => node.id === from)?.parent ?? null;
}

/** The nearest node on that side: how far it is across counts, and twice how far it is along. */
function beside(graph: Graph, layout: Layout, nodes: GraphNode[], from: string, move: Move): string | null {
  const parent = graph.nodes.find((node) => node.id === from)?.parent;
  const origin = middle(graph, layout, from);
  const sign = move === "after" ? 1 : -1;
  const near = nodes
    .filter((node) => node.id !== from && node.parent === parent)
    .map((node) => {
      const at = middle(graph, layout, node.id);
      const across = (at.cross - origin.cross) * sign;
      return { id: node.id, across, far: across + 2 * Math.abs(at.main - origin.main) };
    })
    .filter(({ across }) => across > 1)
    .sort((a, b) => a.far - b.far);
  return near[0]?.id ?? null;
}

function middle(graph: Graph, layout: Layout, id: string): { main: number; cross: number } {
  const box = absoluteBox(layout, graph, id) ?? { x: 0, y: 0, width: 0, height: 0 };
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  return layout.direction === "right" ? { main: x, cross: y } : { main: y, cross: x };
}

function isStep(node: GraphNode): boolean {
  return node.shape === "step" || node.shape === "frame";
}

/** Whether an arrow may lead from one node to another: on one level, and only to what stands later in the document. */
export function canLead(graph: Graph, from: string, to: string): boolean {
  const source = graph.nodes.findIndex((node) => node.id === from && isStep(node));
  const target = graph.nodes.findIndex((node) => node.id === to && isStep(node));
  return source >= 0 && target > source && graph.nodes[source]?.parent === graph.nodes[target]?.parent;
}
