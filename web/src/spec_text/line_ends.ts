/** The CR of a line's end is part of the text but nothing to see. */
import type { Extension, Line, Range, Text } from "@codemirror/state";
import { Decoration, type DecorationSet, type EditorView, keymap, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { splitsLineEnd } from "@/document/line_ends";

const nothing = Decoration.replace({});

class LineEnds {
  hidden: DecorationSet;

  constructor(view: EditorView) {
    this.hidden = hiddenIn(view);
  }

  update(update: ViewUpdate): void {
    if (update.docChanged || update.viewportChanged) this.hidden = hiddenIn(update.view);
  }
}

const hiding = ViewPlugin.fromClass(LineEnds, { decorations: ({ hidden }) => hidden });

/** At the end of a line there is no way further to its end. */
const endKeys = keymap.of([
  { key: "End", mac: "Cmd-ArrowRight", run: isAtEnd, shift: isAtEnd },
  { mac: "Ctrl-e", run: isAtEnd, shift: isAtEnd },
]);

export const hiddenLineEnds: Extension = [hiding, endKeys];

function isAtEnd({ state }: EditorView): boolean {
  return splitsLineEnd(state.doc, state.selection.main.head + 1);
}

function hiddenIn({ state: { doc }, visibleRanges }: EditorView): DecorationSet {
  const hidden: Range<Decoration>[] = [];
  for (const line of visibleRanges.flatMap((range) => linesOf(doc, range))) {
    if (line.text.endsWith("\r")) hidden.push(nothing.range(line.to - 1, line.to));
  }
  return Decoration.set(hidden, true);
}

function linesOf(doc: Text, { from, to }: { from: number; to: number }): Line[] {
  const lines: Line[] = [];
  for (let at = from; at <= to;) {
    const line = doc.lineAt(at);
    lines.push(line);
    at = line.to + 1;
  }
  return lines;
}
