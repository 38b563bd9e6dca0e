/** One level laid out: the nodes that stand beside each other, at the top or in one frame, and the arrows among them. */
import { num } from "./lists";
import { ordered, type Cell } from "./order";
import { curve, type Bend } from "./paths";
import { place, type Pull } from "./place";
import { ranksOf } from "./ranks";
import { GAP } from "./sizes";

/** Along the ranks (`main`) and across them (`cross`): `right` has x for main, `down` has y. */
export interface LevelNode {
  main: number;
  cross: number;
  lane: "main" | "errors";
}

export interface LevelEdge {
  from: number;
  to: number;
  role: "plain" | "branch" | "error";
  /** The room that the label takes along and across; 0 without one. */
  label: { main: number; cross: number };
}

export interface Spot {
  main: number;
  cross: number;
}

export interface Level {
  /** Where each node begins. */
  spots: Spot[];
  /** The way of each arrow; null for one that the level has no way for (it runs backward). */
  ways: (Way | null)[];
  main: number;
  cross: number;
}

export interface Way {
  bends: Bend[];
  /** The middle of the label, or null. */
  label: Spot | null;
  /** Where the arrow is grabbed: in the middle of its first bend. */
  middle: Spot;
}

/** Room between two ranks: `curve` for arrows to change their line in, `tail` for labels and arrowheads. */
const CHANNEL = { curve: 44, tail: 14, labelled: 24 };
/** More bends than this make arrows be drawn straight to their ends: no flow that people write comes near. */
const MOST_BENDS = 20_000;
/** How far from the end of a card the arrow for its failure leaves. */
const ASIDE = 28;
const WEIGHT = { bend: 8, plain: 3, branch: 1, error: 0.3 };

/** Lays out a level. Its own corner is at 0, 0. */
export function layOutLevel(nodes: readonly LevelNode[], edges: readonly LevelEdge[]): Level {
  const { rank, backward } = ranksOf(nodes.length, edges);
  const ranks = nodes.length ? Math.max(...rank) + 1 : 0;
  const grid = new Grid(nodes, edges, rank, backward);
  const order = ordered(grid.cells, ranks);
  const centre = grid.place(order);
  const columns = columnsOf(nodes, edges, rank, ranks);
  const spots = nodes.map((node, index) => ({
    main: num(columns.start, num(rank, index)),
    cross: num(centre, index) - node.cross / 2,
  }));
  const least = Math.min(0, ...centre.map((at, cell) => at - num(grid.size, cell) / 2));
  const ways = edges.map((edge, index) => grid.way(edge, index, spots, centre, columns));
  shift(spots, ways, -least);
  return {
    spots,
    ways,
    main: columns.end.at(-1) ?? 0,
    cross: Math.max(0, ...centre.map((at, cell) => at + num(grid.size, cell) / 2)) - least,
  };
}

function shift(spots: Spot[], ways: (Way | null)[], by: number): void {
  for (const spot of spots) spot.cross += by;
  for (const way of ways) {
    for (const bend of way?.bends ?? []) for (const point of bend.points) point.cross += by;
    if (way?.label) way.label.cross += by;
    if (way) way.middle.cross += by;
  }
}

interface Columns {
  start: number[];
  end: number[];
  /** Where the straight tails before each rank begin. */
  tail: number[];
}

function columnsOf(nodes: readonly LevelNode[], edges: readonly LevelEdge[], rank: number[], ranks: number): Columns {
  const thickness = new Array<number>(ranks).fill(0);
  nodes.forEach((node, index) => {
    const at = num(rank, index);
    thickness[at] = Math.max(num(thickness, at), node.main);
  });
  const label = new Array<number>(ranks).fill(0);
  for (const edge of edges) {
    const after = num(rank, edge.from) + 1;
    if (edge.label.main > 0) label[after] = Math.max(num(label, after), edge.label.main + CHANNEL.labelled);
  }
  const columns: Columns = { start: [], end: [], tail: [] };
  let at = 0;
  thickness.forEach((thick, index) => {
    if (index > 0) at += CHANNEL.curve;
    columns.tail.push(at);
    if (index > 0) at += Math.max(CHANNEL.tail, num(label, index));
    columns.start.push(at);
    at += thick;
    columns.end.push(at);
  });
  return columns;
}

/** The nodes of a level and the bends of the arrows that pass ranks by, as cells of ranks. */
class Grid {
  readonly cells: Cell[] = [];
  readonly size: number[] = [];
  private readonly before: Pull[][] = [];
  private readonly after: Pull[][] = [];
  private readonly bends: number[][];

  constructor(
    private readonly nodes: readonly LevelNode[],
    edges: readonly LevelEdge[],
    rank: number[],
    private readonly backward: Set<number>,
  ) {
    nodes.forEach((node, index) => this.cell(num(rank, index), node.lane === "errors" ? 1 : 0, node.cross));
    this.bends = edges.map((edge, index) => (backward.has(index) ? [] : this.thread(edge, rank)));
  }

  private cell(rank: number, band: 0 | 1, size: number): number {
    this.before.push([]);
    this.after.push([]);
    this.size.push(size);
    return this.cells.push({ rank, band, before: [], after: [] }) - 1;
  }

  /** The bends of an arrow: one in each rank that it passes by. */
  private thread(edge: LevelEdge, rank: number[]): number[] {
    const [first, last] = [num(rank, edge.from), num(rank, edge.to)];
    if (last === first + 1) this.size[edge.to] = Math.max(num(this.size, edge.to), edge.label.cross);
    if (this.cells.length + last - first > MOST_BENDS) return [];
    const band = Math.max(this.bandOf(edge.from), this.bandOf(edge.to)) as 0 | 1;
    const bends: number[] = [];
    const label = Math.max(1, edge.label.cross);
    for (let at = first + 1; at < last; at += 1) {
      bends.push(this.cell(at, band, at === first + 1 ? label : 1));
    }
    const cells = [edge.from, ...bends, edge.to];
    for (let index = 1; index < cells.length; index += 1) {
      const isInner = index > 1 && index < cells.length - 1;
      this.join(num(cells, index - 1), num(cells, index), isInner ? WEIGHT.bend : WEIGHT[edge.role]);
    }
    return bends;
  }

  private join(from: number, to: number, weight: number): void {
    this.cells[from]?.after.push(to);
    this.cells[to]?.before.push(from);
    this.after[from]?.push({ cell: to, weight });
    this.before[to]?.push({ cell: from, weight });
  }

  /** The centre of each cell across the ranks: first the main steps, then, apart from them, those for errors. */
  place(order: number[][]): number[] {
    const centre = new Array<number>(this.cells.length).fill(0);
    const band = (wanted: 0 | 1) =>
      order.map((row) => row.filter((cell) => this.cells[cell]?.band === wanted)).filter((row) => row.length > 0);
    const own = (pulls: Pull[][], wanted: 0 | 1) =>
      pulls.map((list, cell) =>
        this.cells[cell]?.band === wanted
          ? list.filter((pull) => wanted === 1 || this.cells[pull.cell]?.band === 0)
          : [],
      );
    const gap = (cell: number, next: number) =>
      cell < this.nodes.length && next < this.nodes.length ? GAP.cards : GAP.lines;
    const main = band(0);
    const shared = { size: this.size, gap };
    place(main, { ...shared, before: own(this.before, 0), after: own(this.after, 0) }, centre);
    const lowest = Math.max(-Infinity, ...main.flat().map((cell) => num(centre, cell) + num(this.size, cell) / 2));
    const from = main.length ? lowest + GAP.lanes : -Infinity;
    place(band(1), { ...shared, before: own(this.before, 1), after: own(this.after, 1) }, centre, from);
    return centre;
  }

  way(edge: LevelEdge, index: number, spots: Spot[], centre: number[], columns: Columns): Way | null {
    const [from, source] = [spots[edge.from], this.nodes[edge.from]];
    if (this.backward.has(index) || !from || !source) return null;
    const stops = [...(this.bends[index] ?? []), edge.to].map((cell) => {
      const rank = this.rankOf(cell);
      return {
        tail: num(columns.tail, rank),
        begin: num(columns.start, rank),
        end: num(columns.end, rank),
        cross: num(centre, cell),
      };
    });
    const start = { main: from.main + source.main, cross: from.cross + source.cross / 2 };
    const aside = edge.role === "error" ? { main: start.main - ASIDE, cross: from.cross + source.cross } : null;
    const { bends, middle } = curve({
      start,
      aside,
      leave: num(columns.end, this.rankOf(edge.from)),
      stops,
    });
    const first = stops[0];
    if (edge.label.main === 0 || !first) return { bends, label: null, middle };
    return {
      bends,
      middle,
      label: { main: first.begin - (edge.label.main + CHANNEL.labelled) / 2 - 2, cross: first.cross },
    };
  }

  private bandOf(cell: number): 0 | 1 {
    return this.cells[cell]?.band ?? 0;
  }

  private rankOf(cell: number): number {
    return this.cells[cell]?.rank ?? 0;
  }
}
