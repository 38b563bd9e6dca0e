/** Where the cells of ordered ranks stand across the ranks: near their neighbours, in order, never overlapping. */
import { num } from "./lists";

/** An arrow between cells of neighbouring ranks, with how much it wants to be straight. */
export interface Pull {
  cell: number;
  weight: number;
}

export interface Placing {
  /** The size of each cell across the ranks. */
  size: readonly number[];
  before: readonly (readonly Pull[])[];
  after: readonly (readonly Pull[])[];
  gap(cell: number, next: number): number;
}

const SWEEPS = 6;
const STAY = 0.05;

/**
 * The centre of each cell. Only the cells in `order` are placed; others keep what `centre` says. No cell begins before
 * `from`.
 */
export function place(order: readonly number[][], placing: Placing, centre: number[], from = -Infinity): void {
  for (const row of order) stack(row, placing, centre, from);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const row of order) settle(row, placing.before, placing, centre, from);
    for (const row of [...order].reverse()) settle(row, placing.after, placing, centre, from);
  }
  for (const row of order) settle(row, placing.before, placing, centre, from);
}

function stack(row: readonly number[], placing: Placing, centre: number[], from: number): void {
  const offset = offsets(row, placing);
  const start = from === -Infinity ? -(offset.at(-1) ?? 0) / 2 : from + num(placing.size, num(row, 0)) / 2;
  row.forEach((cell, index) => (centre[cell] = start + num(offset, index)));
}

/** The distance of each centre from the first one's, when all stand as close as they may. */
function offsets(row: readonly number[], { size, gap }: Placing): number[] {
  let sum = 0;
  return row.map((cell, index) => {
    const previous = row[index - 1];
    if (previous !== undefined) sum += (num(size, previous) + num(size, cell)) / 2 + gap(previous, cell);
    return sum;
  });
}

interface Pool {
  sum: number;
  weight: number;
  count: number;
}

/**
 * One rank moved to where its neighbours want it: the nearest positions (least squares) that keep order and distance, by
 * pooling adjacent violators.
 */
function settle(
  row: readonly number[],
  pulls: readonly (readonly Pull[])[],
  placing: Placing,
  centre: number[],
  from: number,
): void {
  const offset = offsets(row, placing);
  const pools: Pool[] = [];
  row.forEach((cell, index) => {
    let [sum, weight] = [0, 0];
    for (const pull of pulls[cell] ?? []) {
      sum += num(centre, pull.cell) * pull.weight;
      weight += pull.weight;
    }
    if (weight === 0) [sum, weight] = [num(centre, cell) * STAY, STAY];
    let pool: Pool = { sum: sum - num(offset, index) * weight, weight, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.weight >= pool.sum / pool.weight; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, weight: last.weight + pool.weight, count: last.count + pool.count };
    }
    pools.push(pool);
  });
  const least = from + num(placing.size, num(row, 0)) / 2;
  let index = 0;
  for (const pool of pools) {
    const at = Math.max(pool.sum / pool.weight, least);
    for (let member = 0; member < pool.count; member += 1, index += 1) {
      centre[num(row, index)] = at + num(offset, index);
    }
  }
}
