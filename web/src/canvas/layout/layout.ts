/** Where everything on the canvas stands. Pure and quick: it follows the order of the document, so that a small change of
 *  the text moves little. Frames are laid out from the inside outwards. */
import type { Graph, GraphEdge, GraphNode } from "../graph";
import { layOutLevel, type Level, type LevelEdge, type Spot } from "./level";
import { pathText, type Bend, type Direction } from "./paths";
import { FRAME, LABEL_HEIGHT, labelWidth, sizeOf, type Size } from "./sizes";

export type { Direction } from "./paths";

/** A node's place: relative to the frame that holds it, as the drawing library wants it. */
export interface Box extends Size {
  x: number;
  y: number;
}

export interface DrawnPath {
  /** The `d` of an SVG path, on the whole canvas. */
  d: string;
  /** The middle of the label; null without one. */
  label: { x: number; y: number } | null;
  /** Where the arrow is grabbed. */
  middle: { x: number; y: number };
}

export interface Layout {
  direction: Direction;
  boxes: Record<string, Box>;
  paths: Record<string, DrawnPath>;
  width: number;
  height: number;
}

interface Placed {
  size: Size;
  level: Level | null;
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** Lays out a graph. */
export function layOut(graph: Graph, direction: Direction): Layout {
  return new Composer(graph, direction).compose();
}

class Composer {
  private readonly held = new Map<string | null, GraphNode[]>();
  private readonly inside = new Map<string | null, GraphEdge[]>();
  private readonly crossing: GraphEdge[] = [];
  private readonly placed = new Map<string | null, Placed>();
  private readonly corner = new Map<string, { x: number; y: number }>();
  private readonly layout: Layout;

  constructor(
    private readonly graph: Graph,
    private readonly direction: Direction,
  ) {
    this.layout = { direction, boxes: {}, paths: {}, width: 0, height: 0 };
    const parents = new Map(graph.nodes.map((node) => [node.id, node.parent]));
    for (const node of graph.nodes) push(this.held, node.parent, node);
    for (const edge of graph.edges) {
      const parent = parents.get(edge.from) ?? null;
      if (parent === (parents.get(edge.to) ?? null)) push(this.inside, parent, edge);
      else this.crossing.push(edge);
    }
  }

  compose(): Layout {
    const frames = this.graph.nodes.filter((node) => node.shape === "frame");
    for (const frame of frames.reverse()) this.measure(frame.id);
    const { size } = this.measure(null);
    this.layout.width = size.width;
    this.layout.height = size.height;
    this.unfold(null, 0, 0);
    for (const edge of this.crossing) this.direct(edge);
    return this.layout;
  }

  /** The size of a level, from its own laying out. The frames in it have been measured before. */
  private measure(parent: string | null): Placed {
    const nodes = this.held.get(parent) ?? [];
    const edges = this.inside.get(parent) ?? [];
    const index = new Map(nodes.map((node, position) => [node.id, position]));
    const isRight = this.direction === "right";
    const level = layOutLevel(
      nodes.map((node) => {
        const { width, height } = this.sizeOf(node);
        return isRight
          ? { main: width, cross: height, lane: node.lane }
          : { main: height, cross: width, lane: node.lane };
      }),
      edges.map((edge): LevelEdge => {
        const width = labelWidth(edge);
        const height = width ? LABEL_HEIGHT : 0;
        const label = isRight ? { main: width, cross: height } : { main: height, cross: width };
        return { from: index.get(edge.from) ?? 0, to: index.get(edge.to) ?? 0, role: edge.role, label };
      }),
    );
    const size = isRight ? { width: level.main, height: level.cross } : { width: level.cross, height: level.main };
    const placed = { size, level, nodes, edges };
    this.placed.set(parent, placed);
    return placed;
  }

  private sizeOf(node: GraphNode): Size {
    const own = sizeOf(node);
    const inner = node.shape === "frame" ? this.placed.get(node.id) : undefined;
    if (!inner?.nodes.length) return own;
    return {
      width: Math.max(own.width, inner.size.width + 2 * FRAME.padding),
      height: FRAME.header + inner.size.height + FRAME.padding,
    };
  }

  /** Writes down a level whose corner stands at x, y of the whole canvas, and the frames in it. */
  private unfold(parent: string | null, x: number, y: number): void {
    const { level, nodes, edges } = this.placed.get(parent) ?? this.measure(parent);
    const isRight = this.direction === "right";
    const holder = parent === null ? { x: 0, y: 0 } : (this.corner.get(parent) ?? { x: 0, y: 0 });
    nodes.forEach((node, index) => {
      const spot = level?.spots[index] ?? { main: 0, cross: 0 };
      const at = isRight ? { x: x + spot.main, y: y + spot.cross } : { x: x + spot.cross, y: y + spot.main };
      this.corner.set(node.id, at);
      const size = this.sizeOf(node);
      this.layout.boxes[node.id] = { x: at.x - holder.x, y: at.y - holder.y, ...size };
      if (node.shape !== "frame" || !this.held.has(node.id)) return;
      const spare = size.width - 2 * FRAME.padding - (this.placed.get(node.id)?.size.width ?? 0);
      this.unfold(node.id, at.x + FRAME.padding + spare / 2, at.y + FRAME.header);
    });
    const point = ({ main, cross }: Spot) => (isRight ? { x: x + main, y: y + cross } : { x: x + cross, y: y + main });
    edges.forEach((edge, index) => {
      const way = level?.ways[index];
      if (!way) return this.direct(edge);
      this.layout.paths[edge.id] = {
        d: pathText(way.bends, this.direction, x, y),
        label: way.label && point(way.label),
        middle: point(way.middle),
      };
    });
  }

  /** An arrow that no level has a way for: out of or into a frame, or backward. Straight from card to card. */
  private direct(edge: GraphEdge): void {
    const [from, to] = [this.corner.get(edge.from), this.corner.get(edge.to)];
    const [source, target] = [this.layout.boxes[edge.from], this.layout.boxes[edge.to]];
    if (!from || !to || !source || !target) return;
    const isRight = this.direction === "right";
    const start = isRight
      ? { main: from.x + source.width, cross: from.y + source.height / 2 }
      : { main: from.y + source.height, cross: from.x + source.width / 2 };
    const end = isRight
      ? { main: to.x, cross: to.y + target.height / 2 }
      : { main: to.y, cross: to.x + target.width / 2 };
    const handle = Math.max(60, Math.abs(end.main - start.main) / 2);
    const bends: Bend[] = [
      { kind: "M", points: [start] },
      {
        kind: "C",
        points: [{ main: start.main + handle, cross: start.cross }, { main: end.main - handle, cross: end.cross }, end],
      },
    ];
    const [main, cross] = [(start.main + end.main) / 2, (start.cross + end.cross) / 2];
    const middle = isRight ? { x: main, y: cross } : { x: cross, y: main };
    const d = pathText(bends, this.direction, 0, 0);
    this.layout.paths[edge.id] = { d, middle, label: edge.label === null ? null : middle };
  }
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
