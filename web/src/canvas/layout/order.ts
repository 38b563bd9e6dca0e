/** In which order the nodes of each rank stand: that of the document where it can be, with few crossing arrows. */
import { num } from "./lists";

/** A place in a rank: a node, or a bend of an arrow that passes the rank by. */
export interface Cell {
  rank: number;
  /** 0: the main steps; 1: the steps for when things go wrong, which stand after all others. */
  band: 0 | 1;
  before: number[];
  after: number[];
}

const SWEEPS = 4;

/** The cells of each rank, by index, in order. */
export function ordered(cells: readonly Cell[], ranks: number): number[][] {
  let order = inReadingOrder(cells, ranks);
  let crossings = countCrossings(cells, order);
  for (let sweep = 0; sweep < SWEEPS && crossings > 0; sweep += 1) {
    const tried = swept(cells, order, sweep % 2 === 0);
    const now = countCrossings(cells, tried);
    if (now < crossings) [order, crossings] = [tried, now];
  }
  return order;
}

/** Depth first along the arrows, from the first node of the document: a branch stays together, its first way on top. */
function inReadingOrder(cells: readonly Cell[], ranks: number): number[][] {
  const order: number[][] = Array.from({ length: ranks }, () => []);
  const seen = new Array<boolean>(cells.length).fill(false);
  const starts = cells.map((_, index) => index).sort((a, b) => rankOf(cells, a) - rankOf(cells, b) || a - b);
  for (const start of starts) {
    const stack = [start];
    for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
      if (seen[cell]) continue;
      seen[cell] = true;
      order[rankOf(cells, cell)]?.push(cell);
      stack.push(...[...(cells[cell]?.after ?? [])].reverse());
    }
  }
  return order.map((row) => byBand(cells, row));
}

function rankOf(cells: readonly Cell[], index: number): number {
  return cells[index]?.rank ?? 0;
}

function byBand(cells: readonly Cell[], row: number[]): number[] {
  return [...row.filter((cell) => cells[cell]?.band === 0), ...row.filter((cell) => cells[cell]?.band === 1)];
}

/** Each rank sorted by where its neighbours in the rank before (or after) stand. */
function swept(cells: readonly Cell[], order: number[][], isDownward: boolean): number[][] {
  const result = order.map((row) => [...row]);
  const at = positions(cells.length, result);
  const rows = isDownward ? result.keys() : [...result.keys()].reverse();
  for (const index of rows) {
    const row = result[index] ?? [];
    const wish = new Map(
      row.map((cell) => {
        const near = (isDownward ? cells[cell]?.before : cells[cell]?.after) ?? [];
        const mean = near.reduce((sum, other) => sum + num(at, other), 0) / near.length;
        return [cell, near.length ? mean : num(at, cell)];
      }),
    );
    row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || num(at, a) - num(at, b));
    const sorted = byBand(cells, row);
    result[index] = sorted;
    sorted.forEach((cell, position) => (at[cell] = position));
  }
  return result;
}

function positions(count: number, order: number[][]): number[] {
  const at = new Array<number>(count).fill(0);
  for (const row of order) row.forEach((cell, position) => (at[cell] = position));
  return at;
}

/** How many pairs of arrows cross, counted with a tree of prefix sums per rank. */
function countCrossings(cells: readonly Cell[], order: number[][]): number {
  const at = positions(cells.length, order);
  let crossings = 0;
  for (const row of order) {
    const ends = row.flatMap((cell) => [...(cells[cell]?.after ?? [])].map((to) => num(at, to)).sort((a, b) => a - b));
    crossings += inversions(ends);
  }
  return crossings;
}

function inversions(values: number[]): number {
  const size = Math.max(0, ...values) + 1;
  const tree = new Array<number>(size + 1).fill(0);
  let found = 0;
  values.forEach((value, seen) => {
    let notAfter = 0;
    for (let i = value + 1; i > 0; i -= i & -i) notAfter += num(tree, i);
    found += seen - notAfter;
    for (let i = value + 1; i <= size; i += i & -i) tree[i] = num(tree, i) + 1;
  });
  return found;
}
