/** Keeps a text view and its document together: findings and places of each reading, and what is selected. */
import type { StateEffect, Transaction, TransactionSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { OpenDocument, Reading, Selection } from "@/document";
import { revealed, type TextCore } from "@/document/text_core";
import { showFindings } from "./findings";
import { chosen, nodeAt, placed, stretchesOf, stretchOf } from "./steps";

/** Takes the focus when the document shows a place. */
export const reveal = EditorView.updateListener.of(({ view, transactions }) => {
  const isAsked = transactions.some(({ effects }) => effects.some((effect) => effect.is(revealed)));
  if (isAsked) requestAnimationFrame(() => view.focus());
});

/** Ties them together until the way out is taken. */
export function tie(document: OpenDocument, core: TextCore): () => void {
  let drawn: Reading | null = null;
  let selection: Selection | null = null;

  function follow(): void {
    const now = document.get();
    if (now.reading && now.reading !== drawn && now.read_text === core.text) {
      drawn = now.reading;
      core.dispatch(readingShown(core, drawn));
    }
    if (now.selection !== selection) {
      selection = now.selection;
      core.dispatch({ effects: selectionShown(core, selection) });
    }
  }

  follow();
  const ways = [document.subscribe(follow), core.listen((transactions) => tellSelection(document, core, transactions))];
  return () => {
    for (const leave of ways) leave();
  };
}

function readingShown(core: TextCore, reading: Reading): TransactionSpec {
  const shown = showFindings(core.state, reading.findings);
  const effects = [shown.effects ?? []].flat() as StateEffect<unknown>[];
  // Places are empty while the text cannot be read; the old ones, moved along, are nearer to the truth.
  if (reading.flow) effects.push(placed.of(stretchesOf(core.state.doc, reading)));
  return { ...shown, effects };
}

function selectionShown(core: TextCore, { node, from }: Selection): StateEffect<unknown>[] {
  const effects: StateEffect<unknown>[] = [chosen.of(node)];
  const stretch = from === "text" ? null : stretchOf(core.state, node);
  if (stretch) effects.push(EditorView.scrollIntoView(stretch.from, { y: "start", yMargin: 48 }));
  return effects;
}

/** Where the person puts the caret is what is selected. */
function tellSelection(document: OpenDocument, core: TextCore, transactions: readonly Transaction[]): void {
  const isByPerson = transactions.some(
    (transaction) => transaction.isUserEvent("select") || transaction.isUserEvent("input"),
  );
  if (isByPerson) document.select(nodeAt(core.state, core.state.selection.main.head), "text");
}
