/**
 * Paths of steps in a run. A step of a loop stands under its turn (`each[3].fetch`), one of a group under the group
 * (`box.fetch`). A path that ends in a turn (`each[3]`) is no step: it names the turn itself.
 */

export interface Segment {
  /** A step's id. */
  id: string;
  /** The turn of the loop, counted from 0; null for a step and a group. */
  turn: number | null;
}

const SEGMENT = /^(.*?)(?:\[(\d+)\])?$/;

/** The parts of a path, from the outside in. */
export function segmentsOf(path: string): Segment[] {
  return path.split(".").map((part) => {
    const [, id = part, turn] = SEGMENT.exec(part) ?? [];
    return { id, turn: turn === undefined ? null : Number(turn) };
  });
}

/** The step that a path leads to, by its id in the document. */
export function nodeOf(path: string): string {
  const start = path.lastIndexOf(".") + 1;
  const turn = path.indexOf("[", start);
  return turn < 0 ? path.slice(start) : path.slice(start, turn);
}

/** The turn that a path ends in; null when it leads to a step. */
export function turnOf(path: string): number | null {
  return path.endsWith("]") ? Number(path.slice(path.lastIndexOf("[") + 1, -1)) : null;
}

/** What stands right around: of `each[3].fetch` the turn `each[3]`, of `each[3]` the loop `each`; null at the top. */
export function parentOf(path: string): string | null {
  if (path.endsWith("]")) return path.slice(0, path.lastIndexOf("["));
  const end = path.lastIndexOf(".");
  return end < 0 ? null : path.slice(0, end);
}

/** Everything around a path, from the inside out. */
export function around(path: string): string[] {
  const found: string[] = [];
  for (let at = parentOf(path); at !== null; at = parentOf(at)) found.push(at);
  return found;
}

/** How expressions call a step: `fetch_posts` for `fetch-posts`. */
export function nameInExpressions(id: string): string {
  return id.replaceAll("-", "_");
}
