/** The rows of the picker of names: what is open, what a search finds. */
import type { Name } from "./names";

export interface Row {
  name: Name;
  depth: number;
  is_open: boolean;
  can_open: boolean;
}

const MOST_ROWS = 300;
const DEEPEST_SEARCH = 5;

/** The rows in sight: with a search all names that hold its words, else the tree as far as it is open. */
export function rowsOf(names: readonly Name[], open: ReadonlySet<string>, search: string): Row[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const rows: Row[] = [];
  if (words.length) addFound(names, words, 0, rows);
  else addOpen(names, open, 0, rows);
  return rows.slice(0, MOST_ROWS);
}

function addOpen(names: readonly Name[], open: ReadonlySet<string>, depth: number, rows: Row[]) {
  for (const name of names) {
    if (rows.length >= MOST_ROWS) return;
    const is_open = open.has(name.expression);
    rows.push({ name, depth, is_open, can_open: name.children().length > 0 });
    if (is_open) addOpen(name.children(), open, depth + 1, rows);
  }
}

function addFound(names: readonly Name[], words: string[], depth: number, rows: Row[]) {
  for (const name of names) {
    if (rows.length >= MOST_ROWS) return;
    const text = `${name.label} ${name.expression} ${name.about}`.toLowerCase();
    if (words.every((word) => text.includes(word))) rows.push({ name, depth: 0, is_open: false, can_open: false });
    if (depth < DEEPEST_SEARCH) addFound(name.children(), words, depth + 1, rows);
  }
}

/** A value in a few words, for the end of a row. */
export function preview(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.length === 1 ? "1 item" : `${value.length} items`;
  if (typeof value === "object" && value !== null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
