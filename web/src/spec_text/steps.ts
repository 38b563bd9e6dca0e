/** Where the steps and triggers stand in the text, kept right while it is edited; and which of them is selected. */
import { type EditorState, type Extension, StateEffect, StateField, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import type { Reading } from "@/document";
import { linesRange, treeOf } from "@/document/positions";

export interface Stretch {
  node: string;
  from: number;
  to: number;
}

/** The stretches that a reading of the present text has. */
export const placed = StateEffect.define<Stretch[]>();
/** Another node is selected. */
export const chosen = StateEffect.define<string | null>();

const stretches = StateField.define<readonly Stretch[]>({
  create: () => [],
  update(present, transaction) {
    for (const effect of transaction.effects) if (effect.is(placed)) return effect.value;
    if (!transaction.docChanged) return present;
    const { changes } = transaction;
    return present.map(({ node, from, to }) => ({ node, from: changes.mapPos(from, -1), to: changes.mapPos(to, 1) }));
  },
});

const selected = StateField.define<string | null>({
  create: () => null,
  update(node, { effects }) {
    for (const effect of effects) if (effect.is(chosen)) return effect.value;
    return node;
  },
});

const selectedLine = Decoration.line({ class: "cm-step-selected" });

const bar = EditorView.decorations.compute([stretches, selected, "doc"], (state): DecorationSet => {
  const stretch = stretchOf(state, state.field(selected));
  if (!stretch) return Decoration.none;
  const lines = [];
  for (let at = stretch.from; at <= stretch.to && at <= state.doc.length;) {
    const line = state.doc.lineAt(at);
    lines.push(selectedLine.range(line.from));
    at = line.to + 1;
  }
  return Decoration.set(lines);
});

export function steps(): Extension {
  return [stretches, selected, bar];
}

/** Where a node stands, if it does. */
export function stretchOf(state: EditorState, node: string | null): Stretch | null {
  return (node !== null && state.field(stretches, false)?.find((stretch) => stretch.node === node)) || null;
}

/** The innermost node at a place of the text. */
export function nodeAt(state: EditorState, at: number): string | null {
  let found: Stretch | null = null;
  for (const stretch of state.field(stretches, false) ?? []) {
    const isInside = stretch.from <= at && at <= stretch.to;
    if (isInside && (!found || stretch.to - stretch.from <= found.to - found.from)) found = stretch;
  }
  return found?.node ?? null;
}

/** All nodes of a reading with the lines they stand on. */
export function stretchesOf(text: Text, reading: Reading): Stretch[] {
  const steps = Object.entries(reading.places).map(([node, place]) => ({ node, ...treeOf(text, place) }));
  return [...triggerStretches(text, reading.triggers.length), ...steps];
}

/** The triggers in the front matter: each item of `when`, or the whole of it where it is no list of lines. */
function triggerStretches(text: Text, count: number): Stretch[] {
  if (count === 0) return [];
  const lines = whenLines(text);
  if (!lines) return [];
  const starts: number[] = [];
  for (let line = lines.first; line <= lines.last; line++) {
    if (/^\s*- /.test(text.line(line).text)) starts.push(line);
  }
  if (starts.length !== count) {
    return Array.from({ length: count }, (_, index) => ({
      node: `trigger-${index + 1}`,
      ...linesRange(text, lines.first, lines.last),
    }));
  }
  return starts.map((line, index) => ({
    node: `trigger-${index + 1}`,
    ...linesRange(text, line, (starts[index + 1] ?? lines.last + 1) - 1),
  }));
}

function whenLines(text: Text): { first: number; last: number } | null {
  if (!/^\ufeff?---\s*$/.test(text.line(1).text)) return null;
  let first = 0;
  for (let line = 2; line <= text.lines; line++) {
    const words = text.line(line).text;
    const isEnd = /^---\s*$/.test(words);
    if (first && (isEnd || /^[^\s#-]/.test(words))) return { first, last: line - 1 };
    if (isEnd) return null;
    if (/^when\s*:/.test(words)) first = line;
  }
  return null;
}
