/** Which column (or row) each node of a level stands in: every arrow leads to a later one. */
import { num } from "./lists";

/** An arrow between two nodes, by their indexes. */
export interface Link {
  from: number;
  to: number;
}

export interface Ranks {
  rank: number[];
  /** Links that close a circle; they are left out of the ranks. Sound flows have none. */
  backward: Set<number>;
}

/**
 * The longest way to each node, in steps. A node that nothing leads to stands just before the first it leads to. Where links
 * run in a circle, the node that comes first in the document is taken to be its start.
 */
export function ranksOf(count: number, links: readonly Link[]): Ranks {
  const rank = new Array<number>(count).fill(0);
  const backward = new Set<number>();
  const queue = new Queue(count, links);
  for (let node = queue.take(); node !== null; node = queue.take()) {
    for (const index of queue.outgoing[node] ?? []) {
      const to = links[index]?.to ?? node;
      if (queue.follow(to)) rank[to] = Math.max(num(rank, to), num(rank, node) + 1);
      else backward.add(index);
    }
  }
  pullSources(rank, links, backward);
  return { rank, backward };
}

/** Nodes in an order in which each comes after all that lead to it. */
class Queue {
  readonly outgoing: number[][];
  private readonly waitsFor: number[];
  private readonly taken: boolean[];
  private readonly ready: number[];
  private earliest = 0;

  constructor(
    private readonly count: number,
    links: readonly Link[],
  ) {
    this.outgoing = Array.from({ length: count }, () => []);
    this.waitsFor = new Array<number>(count).fill(0);
    this.taken = new Array<boolean>(count).fill(false);
    links.forEach((link, index) => {
      this.outgoing[link.from]?.push(index);
      this.waitsFor[link.to] = num(this.waitsFor, link.to) + 1;
    });
    this.ready = Array.from({ length: count }, (_, node) => node).filter((node) => this.waitsFor[node] === 0);
  }

  /** The next node; in a circle, the first of the document that is left. Null when all were taken. */
  take(): number | null {
    while (this.taken[this.earliest]) this.earliest += 1;
    if (this.earliest >= this.count) return null;
    const node = this.ready.shift() ?? this.earliest;
    this.taken[node] = true;
    return node;
  }

  /** Follows a link to a node. False when that was taken before: the link closes a circle. */
  follow(to: number): boolean {
    if (this.taken[to]) return false;
    this.waitsFor[to] = num(this.waitsFor, to) - 1;
    if (this.waitsFor[to] === 0) this.ready.push(to);
    return true;
  }
}

function pullSources(rank: number[], links: readonly Link[], backward: Set<number>): void {
  const entered = new Set<number>();
  const nearest = new Map<number, number>();
  links.forEach((link, index) => {
    if (backward.has(index)) return;
    entered.add(link.to);
    nearest.set(link.from, Math.min(nearest.get(link.from) ?? Infinity, num(rank, link.to)));
  });
  for (const [node, next] of nearest) if (!entered.has(node)) rank[node] = next - 1;
}
