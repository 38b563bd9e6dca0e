/**
 * Texts with CR LF. Lines end at LF alone, so a CR is the last character of its line and survives untouched; these rules
 * keep what a person types from coming between the two, and give new lines the end that the others have.
 */
import {
  type ChangeSpec,
  EditorSelection,
  EditorState,
  type Extension,
  type Text,
  type Transaction,
} from "@codemirror/state";

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
  const { doc } = transaction.startState;
  if (!transaction.docChanged || !isTyped || !usesCrLf(doc)) return transaction;
  const changes = wholeChanges(transaction);
  return changes ? [asBefore(transaction, changes)] : transaction;
});

function wholeChanges(transaction: Transaction): ChangeSpec[] | null {
  const { doc } = transaction.startState;
  const changes: ChangeSpec[] = [];
  let isOther = false;
  transaction.changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    const typed = inserted.sliceString(0);
    const insert = typed.replace(/\r?\n/g, "\r\n");
    const start = splitsLineEnd(doc, from) ? from - 1 : from;
    const end = to > from && splitsLineEnd(doc, to) ? to + 1 : Math.max(to, start);
    isOther ||= insert !== typed || start !== from || end !== to;
    changes.push({ from: start, to: end, insert });
  });
  return isOther ? changes : null;
}

/** The same transaction with other changes; the caret stands behind what was put in. */
function asBefore(transaction: Transaction, changes: ChangeSpec[]) {
  const set = transaction.startState.changes(changes);
  const { ranges, mainIndex } = transaction.startState.selection;
  const carets = ranges.map((range) => EditorSelection.cursor(set.mapPos(range.head, 1)));
  return {
    changes: set,
    selection: EditorSelection.create(carets, mainIndex),
    effects: transaction.effects,
    scrollIntoView: transaction.scrollIntoView,
    userEvent: transaction.isUserEvent("delete") ? "delete" : "input",
  };
}

/** The caret stands in front of a CR LF, never in its middle. */
const caretBeforeLineEnd = EditorState.transactionFilter.of((transaction) => {
  const { newDoc, newSelection } = transaction;
  if (!transaction.selection && !transaction.docChanged) return transaction;
  if (!newSelection.ranges.some(({ anchor, head }) => splitsLineEnd(newDoc, anchor) || splitsLineEnd(newDoc, head))) {
    return transaction;
  }
  const before = (at: number) => (splitsLineEnd(newDoc, at) ? at - 1 : at);
  const ranges = newSelection.ranges.map(({ anchor, head }) => EditorSelection.range(before(anchor), before(head)));
  return [transaction, { selection: EditorSelection.create(ranges, newSelection.mainIndex), sequential: true }];
});
