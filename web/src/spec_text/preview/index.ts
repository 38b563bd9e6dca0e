/**
 * The live preview: the same text, laid out. Marks are hidden off the caret's line, blocks are cards until the caret is in
 * them. Nothing is ever written: it is all decoration.
 */
import { syntaxTree } from "@codemirror/language";
import { type EditorState, type Extension, Prec } from "@codemirror/state";
import { type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { Kind } from "@/document";
import { decorate, type Touched } from "./decorate";
import { previewLook } from "./look";

export function preview(kinds: ReadonlyMap<string, Kind>): Extension {
  class Preview {
    drawn: DecorationSet;

    constructor(view: EditorView) {
      this.drawn = draw(view, kinds);
    }

    update(update: ViewUpdate): void {
      const isRead = syntaxTree(update.state) !== syntaxTree(update.startState);
      const isOther = update.docChanged || update.viewportChanged || update.selectionSet || update.focusChanged;
      if (isRead || isOther) this.drawn = draw(update.view, kinds);
    }
  }
  // The look goes before the common one; the marks go behind, so that they stay whole around others (a search's).
  return [previewLook, Prec.lowest(ViewPlugin.fromClass(Preview, { decorations: ({ drawn }) => drawn }))];
}

function draw(view: EditorView, kinds: ReadonlyMap<string, Kind>): DecorationSet {
  return decorate(view.state, view.visibleRanges, kinds, touchedBy(view.state, view.hasFocus));
}

/** What the person is at stays as it is written. */
function touchedBy(state: EditorState, hasFocus: boolean): Touched {
  if (!hasFocus || state.readOnly) return () => false;
  const { doc } = state;
  const lines = state.selection.ranges.map(({ from, to }) => ({ from: doc.lineAt(from).from, to: doc.lineAt(to).to }));
  return (from, to) => lines.some((line) => line.from <= to && from <= line.to);
}
