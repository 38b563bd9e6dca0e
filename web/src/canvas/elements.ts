/** From a laid out graph to what the drawing library takes. What is as before keeps its object, so that it is not drawn anew. */
import type { CardNode } from "./cards";
import type { GraphNode } from "./graph";
import type { LaidOut } from "./layout/useLayout";
import type { RouteEdgeType } from "./RouteEdge";

export interface Elements {
  nodes: CardNode[];
  edges: RouteEdgeType[];
}

/** Frames lie below the arrows in them, cards above. */
const LAYER = { arrow: 1, card: 2 };

/** Makes elements again and again, each time taking over what it can from the time before. */
export function elementsMaker(): (laidOut: LaidOut | null) => Elements {
  let last: Elements | null = null;
  return (laidOut) => {
    if (!laidOut) return { nodes: [], edges: [] };
    last = elementsOf(laidOut, last);
    return last;
  };
}

/** The nodes and edges to draw, taking over from `before` each object that says the same. */
export function elementsOf({ graph, layout }: LaidOut, before: Elements | null): Elements {
  const oldNodes = new Map(before?.nodes.map((node) => [node.id, node]));
  const oldEdges = new Map(before?.edges.map((edge) => [edge.id, edge]));
  const holders = new Set(graph.nodes.map((node) => node.parent));
  const depth = depths(graph.nodes);
  const nodes = graph.nodes.flatMap((node): CardNode[] => {
    const box = layout.boxes[node.id];
    if (!box) return [];
    const made: CardNode = {
      id: node.id,
      type: node.shape,
      position: { x: box.x, y: box.y },
      width: box.width,
      height: box.height,
      parentId: node.parent ?? undefined,
      zIndex: 2 * (depth.get(node.id) ?? 0) + (node.shape === "frame" ? 0 : LAYER.card),
      data: { node, direction: layout.direction, isEmpty: node.shape === "frame" && !holders.has(node.id) },
    };
    return [kept(oldNodes.get(node.id), made)];
  });
  const edges = graph.edges.flatMap((edge): RouteEdgeType[] => {
    const path = layout.paths[edge.id];
    if (!path) return [];
    const made: RouteEdgeType = {
      id: edge.id,
      type: "route",
      source: edge.from,
      target: edge.to,
      sourceHandle: edge.role === "error" ? "error" : "out",
      targetHandle: "in",
      zIndex: 2 * (depth.get(edge.from) ?? 0) + LAYER.arrow,
      data: { edge, path },
    };
    return [kept(oldEdges.get(edge.id), made)];
  });
  return { nodes, edges };
}

function depths(nodes: GraphNode[]): Map<string, number> {
  const depth = new Map<string, number>();
  for (const node of nodes) depth.set(node.id, node.parent === null ? 0 : (depth.get(node.parent) ?? 0) + 1);
  return depth;
}

function kept<T extends object>(old: T | undefined, made: T): T {
  return old && JSON.stringify(old) === JSON.stringify(made) ? old : made;
}
