/** Names with values: the changes that make one record into another. */
import type { Change } from "@/document";
import { setting, type Path } from "./editing";
import { isSame } from "./values";

export type Pairs = Record<string, unknown>;

/** The changes from one record to the next. The record itself is set anew where names come, go or change their order. */
export function recordChanges(node: string | null, path: Path, before: Pairs | undefined, after: Pairs): Change[] {
  const names = Object.keys(after);
  if (before === undefined || !isSame(Object.keys(before), names)) {
    return [setting(node, path, names.length ? after : undefined)];
  }
  return entryChanges(node, path, before, after);
}

/** The changes of single entries, for records that hold other entries too. */
export function entryChanges(node: string | null, path: Path, before: Pairs, after: Pairs): Change[] {
  const gone = Object.keys(before).filter((name) => !(name in after));
  const changed = Object.keys(after).filter((name) => !(name in before) || !isSame(before[name], after[name]));
  return [
    ...gone.map((name) => setting(node, [...path, name], undefined)),
    ...changed.map((name) => setting(node, [...path, name], after[name])),
  ];
}

/** A name that is not taken yet: `value`, `value_2` … */
export function freeName(taken: Iterable<string>, wish: string): string {
  const known = new Set(taken);
  let name = wish;
  for (let number = 2; known.has(name); number++) name = `${wish}_${number}`;
  return name;
}
