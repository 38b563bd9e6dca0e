/** A JSON value as the rows of a tree. Pure: what is open and how much of it is shown comes from outside. */

export type Path = readonly (string | number)[];
export type ValueType = "object" | "list" | "text" | "number" | "boolean" | "null";

/** One value in the tree. */
export interface ValueRow {
  row: "value";
  /** Unique within the tree, stable as long as the path is. */
  id: string;
  path: Path;
  depth: number;
  value: unknown;
  type: ValueType;
  /** How many values it holds; null for what holds none by nature. */
  size: number | null;
  isOpen: boolean;
}

/** Stands for the values of an open container that are not shown yet. */
export interface MoreRow {
  row: "more";
  id: string;
  /** The container's id. */
  of: string;
  depth: number;
  left: number;
}

export type TreeRow = ValueRow | MoreRow;

/** How many values of one container are shown at first, and by how many more each time. */
export const PAGE = 100;

/** How many values a search looks at. */
export const MOST_SEARCHED = 10_000;

export function typeOf(value: unknown): ValueType {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "object";
  if (typeof value === "number" || typeof value === "boolean") return typeof value as ValueType;
  return "text";
}

/** The id of the value at a path: a JSON pointer (RFC 6901). */
export function idOf(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** A path as expressions write it: `items[0].title`, `headers["x-id"]`. */
export function pathText(path: Path): string {
  const text = path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  return text.join("").replace(/^\./, "");
}

function* childrenOf(value: unknown): Generator<[string | number, unknown]> {
  if (Array.isArray(value)) yield* value.entries();
  else if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) yield [key, (value as Record<string, unknown>)[key]];
  }
}

function sizeOf(value: unknown, type: ValueType): number | null {
  if (type === "list") return (value as unknown[]).length;
  return type === "object" ? Object.keys(value as object).length : null;
}

/**
 * The rows of a value. A container's own row comes before what it holds, except that of the whole value, which is left
 * out. `opened` says which containers are open; `shown` how many values of one are shown when it is more than a page.
 */
export function rowsOf(
  value: unknown,
  opened: ReadonlySet<string>,
  shown: ReadonlyMap<string, number> = new Map(),
): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (each: unknown, path: Path, depth: number) => {
    const id = idOf(path);
    const type = typeOf(each);
    const size = sizeOf(each, type);
    const isOpen = size !== null && size > 0 && (path.length === 0 || opened.has(id));
    if (path.length > 0 || size === null || size === 0) {
      rows.push({ row: "value", id, path, depth, value: each, type, size, isOpen });
    }
    if (isOpen) addHeld(each, path, path.length === 0 ? depth : depth + 1, id, size);
  };
  const addHeld = (holder: unknown, path: Path, depth: number, id: string, size: number) => {
    const most = shown.get(id) ?? PAGE;
    let count = 0;
    for (const [key, held] of childrenOf(holder)) {
      if (count === most) break;
      add(held, [...path, key], depth);
      count += 1;
    }
    if (count < size) rows.push({ row: "more", id: `${id}/…`, of: id, depth, left: size - count });
  };
  add(value, [], 0);
  return rows;
}

/** Whether a value holds more than `most` values, at any depth. */
export function holdsMoreThan(value: unknown, most: number): boolean {
  const holders = [value];
  let count = 0;
  for (const holder of holders) {
    for (const [, held] of childrenOf(holder)) {
      count += 1;
      if (count > most) return true;
      holders.push(held);
    }
  }
  return false;
}

/** Which containers are open at first: from the top down, level by level, as long as the tree stays about a screen long. */
export function openedAtFirst(value: unknown, most = 40): Set<string> {
  const opened = new Set<string>();
  const open: [Path, unknown][] = [[[], value]];
  let rows = 0;
  for (const [path, holder] of open) {
    const size = sizeOf(holder, typeOf(holder)) ?? 0;
    if (size === 0 || (path.length > 0 && rows + size > most)) continue;
    rows += Math.min(size, PAGE);
    if (path.length > 0) opened.add(idOf(path));
    for (const [key, held] of firstOf(holder)) open.push([[...path, key], held]);
  }
  return opened;
}

/** The first page of what a container holds. */
function firstOf(holder: unknown): [string | number, unknown][] {
  const first: [string | number, unknown][] = [];
  for (const child of childrenOf(holder)) {
    if (first.length === PAGE) break;
    first.push(child);
  }
  return first;
}

export interface TreeSearch {
  /** The ids of the values found, in order. */
  hits: string[];
  /** What has to be open, and how far, for them to be in sight. */
  opened: Set<string>;
  shown: Map<string, number>;
  /** The value holds more than was looked at. */
  isCut: boolean;
}

/** Finds the values whose key or text has `words` in it, in any case. */
export function searchTree(value: unknown, words: string): TreeSearch {
  const found: TreeSearch = { hits: [], opened: new Set(), shown: new Map(), isCut: false };
  const wanted = words.toLowerCase();
  let looked = 0;
  const look = (each: unknown, path: Path, holders: readonly Spot[]) => {
    let place = 0;
    for (const [key, held] of childrenOf(each)) {
      found.isCut ||= looked === MOST_SEARCHED;
      if (found.isCut) return;
      looked += 1;
      const own = [...path, key];
      const chain = [...holders, { id: idOf(path), place: place++ }];
      if (matches(key, held, wanted)) note(found, idOf(own), chain);
      look(held, own, chain);
    }
  };
  look(value, [], []);
  return found;
}

/** Where in which container something stands. */
interface Spot {
  id: string;
  place: number;
}

function note(found: TreeSearch, hit: string, chain: readonly Spot[]): void {
  found.hits.push(hit);
  for (const { id, place } of chain) {
    found.opened.add(id);
    if (place >= PAGE) found.shown.set(id, Math.max(found.shown.get(id) ?? PAGE, place + 1));
  }
}

function matches(key: string | number, value: unknown, wanted: string): boolean {
  if (typeof key === "string" && key.toLowerCase().includes(wanted)) return true;
  const type = typeOf(value);
  return type !== "object" && type !== "list" && String(value).toLowerCase().includes(wanted);
}
