/** From one text to another with the least change, so that the caret, the history and the eye keep their place. */
import { presentableDiff } from "@codemirror/merge";
import type { ChangeSpec } from "@codemirror/state";

export interface Replacement {
  from: number;
  to: number;
  insert: string;
}

/** Beyond this the two are compared roughly: they are other texts, not an edit. */
const LIMITS = { scanLimit: 2000, timeout: 100 };

/** The replacements that make `after` of `before`, in order; none when they are the same. */
export function difference(before: string, after: string): Replacement[] {
  if (before === after) return [];
  const ahead = sharedStart(before, after);
  const behind = sharedEnd(before, after, ahead);
  const old = before.slice(ahead, before.length - behind);
  const now = after.slice(ahead, after.length - behind);
  if (!old || !now) return [{ from: ahead, to: ahead + old.length, insert: now }];
  return presentableDiff(old, now, LIMITS).map(({ fromA, toA, fromB, toB }) => ({
    from: ahead + fromA,
    to: ahead + toA,
    insert: now.slice(fromB, toB),
  }));
}

/** The ranges that are new in the text after the replacements. */
export function insertedRanges(replacements: Replacement[]): { from: number; to: number }[] {
  let shift = 0;
  return replacements.flatMap(({ from, to, insert }) => {
    const start = from + shift;
    shift += insert.length - (to - from);
    return insert ? [{ from: start, to: start + insert.length }] : [];
  });
}

/** The replacements as CodeMirror takes them. */
export function asChanges(replacements: Replacement[]): ChangeSpec {
  return replacements.map(({ from, to, insert }) => ({ from, to, insert }));
}

function sharedStart(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length++;
  return splitsPair(one, length) || splitsPair(other, length) ? length - 1 : length;
}

function sharedEnd(one: string, other: string, ahead: number): number {
  const most = Math.min(one.length, other.length) - ahead;
  let length = 0;
  while (length < most && one.charCodeAt(one.length - 1 - length) === other.charCodeAt(other.length - 1 - length)) {
    length++;
  }
  return splitsPair(one, one.length - length) || splitsPair(other, other.length - length) ? length - 1 : length;
}

/** Whether an offset stands between the two halves of one character beyond the basic plane. */
function splitsPair(text: string, at: number): boolean {
  return isLeading(text.charCodeAt(at - 1)) && isTrailing(text.charCodeAt(at));
}

const isLeading = (code: number) => code >= 0xd800 && code < 0xdc00;
const isTrailing = (code: number) => code >= 0xdc00 && code < 0xe000;
