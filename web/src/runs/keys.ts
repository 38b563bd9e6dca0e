/** What the keys do in the timeline: those of a tree (WAI-ARIA). Pure. */
import type { TimelineRow } from "./timeline";

export interface KeyAct {
  select?: string | null;
  fold?: { key: string; isOpen: boolean };
}

/** What a key does when the row `at` is chosen (-1: none is); null: nothing. */
export function keyStep(key: string, rows: readonly TimelineRow[], at: number): KeyAct | null {
  const go = (index: number): KeyAct | null => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    return row ? { select: row.path } : null;
  };
  switch (key) {
    case "ArrowDown":
      return go(at + 1);
    case "ArrowUp":
      return go(at < 0 ? rows.length - 1 : at - 1);
    case "Home":
      return go(0);
    case "End":
      return go(rows.length - 1);
    case "Escape":
      return at < 0 ? null : { select: null };
    case "ArrowRight":
    case "ArrowLeft":
      return sideways(key === "ArrowRight", rows, at);
    default:
      return null;
  }
}

function sideways(isRight: boolean, rows: readonly TimelineRow[], at: number): KeyAct | null {
  const row = rows[at];
  if (!row) return null;
  if (row.isOpen === !isRight) return { fold: { key: row.key, isOpen: isRight } };
  if (isRight) return row.isOpen ? { select: rows[at + 1]?.path ?? row.path } : null;
  const holder = rows.slice(0, at).findLast(({ depth }) => depth < row.depth);
  return holder ? { select: holder.path } : null;
}
