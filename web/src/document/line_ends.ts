/**
 * Texts with CR LF. Lines end at LF alone, so a CR is the last character of its line and survives untouched; these rules
 * keep what a person types from coming between the two, and give new lines the end that the others have.
 */
import {
  EditorSelection,
  EditorState,
  type Extension,
  type Text,
  type Transaction,
  type TransactionSpec,
} from "@codemirror/state";
import type { Replacement } from "./difference";

/** The end of the text's first line decides what a new line gets. */
export function usesCrLf(text: Text): boolean {
  return text.lines > 1 && text.line(1).text.endsWith("\r");
}

/** Whether an offset stands between a CR and its LF. */
export function splitsLineEnd(text: Text, at: number): boolean {
  return at > 0 && at < text.length && text.sliceString(at - 1, at + 1) === "\r\n";
}

export function lineEnds(): Extension {
  return [wholeLineEnds, caretBeforeLineEnd];
}

/** What a person types, pastes and deletes takes line ends whole. */
const wholeLineEnds = EditorState.transactionFilter.of((transaction) => {
  const isTyped = transaction.isUserEvent("input") || transaction.isUserEvent("delete");
  if (!transaction.docChanged || !isTyped || !usesCrLf(transaction.startState.doc)) return transaction;
  const typed = replacementsOf(transaction);
  const whole = typed.map((one) => wholeReplacement(transaction.startState.doc, one));
  const isSame = typed.every((one, index) => isEqual(one, whole[index]));
  return isSame ? transaction : withReplacements(transaction, whole);
});

function replacementsOf(transaction: Transaction): Replacement[] {
  const replacements: Replacement[] = [];
  transaction.changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    replacements.push({ from, to, insert: inserted.sliceString(0) });
  });
  return replacements;
}

function wholeReplacement(doc: Text, { from, to, insert }: Replacement): Replacement {
  const start = splitsLineEnd(doc, from) ? from - 1 : from;
  return {
    from: start,
    to: Math.max(start, wholeEnd(doc, { from, to, insert })),
    insert: insert.replace(/\r?\n/g, "\r\n"),
  };
}

/** Who deletes the CR alone means the line's end; whoever else reaches up to the end of a line means to keep it. */
function wholeEnd(doc: Text, { from, to, insert }: Replacement): number {
  if (!splitsLineEnd(doc, to)) return to;
  return insert === "" && to - from === 1 ? to + 1 : to - 1;
}

function isEqual(one: Replacement, other: Replacement | undefined): boolean {
  return one.from === other?.from && one.to === other.to && one.insert === other.insert;
}

/** The same edit with other replacements; a caret stands behind each. */
function withReplacements(transaction: Transaction, replacements: Replacement[]): TransactionSpec {
  let shift = 0;
  const carets = replacements.map(({ from, to, insert }) => {
    const caret = from + shift + insert.length;
    shift += insert.length - (to - from);
    return EditorSelection.cursor(caret);
  });
  return {
    changes: replacements,
    selection: EditorSelection.create(carets),
    effects: transaction.effects,
    scrollIntoView: transaction.scrollIntoView,
    userEvent: transaction.isUserEvent("delete") ? "delete" : "input",
  };
}

/** The caret stands in front of a CR LF, never in its middle: one step further leads to the next line. */
const caretBeforeLineEnd = EditorState.transactionFilter.of((transaction) => {
  const { newDoc, newSelection } = transaction;
  if (!transaction.selection && !transaction.docChanged) return transaction;
  const isSplit = newSelection.ranges.some(
    (range) => splitsLineEnd(newDoc, range.anchor) || splitsLineEnd(newDoc, range.head),
  );
  if (!isSplit) return transaction;
  const ranges = newSelection.ranges.map(({ anchor, head }, index) => {
    const before = transaction.startState.selection.ranges[index]?.head;
    const isStep = !transaction.docChanged && !transaction.isUserEvent("select.pointer") && before === head - 1;
    const to = splitsLineEnd(newDoc, head) ? (isStep ? head + 1 : head - 1) : head;
    if (anchor === head) return EditorSelection.cursor(to);
    return EditorSelection.range(splitsLineEnd(newDoc, anchor) ? anchor - 1 : anchor, to);
  });
  return [transaction, { selection: EditorSelection.create(ranges, newSelection.mainIndex), sequential: true }];
});
