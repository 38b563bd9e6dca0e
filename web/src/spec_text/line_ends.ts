/** The CR of a line's end is part of the text but nothing to see: it is drawn as nothing and stepped over with its LF. */
import type { Extension, Line, Range, Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

const nothing = Decoration.replace({});
const whole = Decoration.mark({});

class LineEnds {
  hidden: DecorationSet = Decoration.none;
  whole: DecorationSet = Decoration.none;

  constructor(view: EditorView) {
    this.find(view);
  }

  update(update: ViewUpdate): void {
    if (update.docChanged || update.viewportChanged) this.find(update.view);
  }

  private find({ state: { doc }, visibleRanges }: EditorView): void {
    const hidden: Range<Decoration>[] = [];
    const stepped: Range<Decoration>[] = [];
    for (const line of visibleRanges.flatMap((range) => linesOf(doc, range))) {
      if (!line.text.endsWith("\r")) continue;
      hidden.push(nothing.range(line.to - 1, line.to));
      if (line.to < doc.length) stepped.push(whole.range(line.to - 1, line.to + 1));
    }
    this.hidden = Decoration.set(hidden, true);
    this.whole = Decoration.set(stepped, true);
  }
}

export const hiddenLineEnds: Extension = ViewPlugin.fromClass(LineEnds, {
  decorations: (found) => found.hidden,
  provide: (it) => EditorView.atomicRanges.of((view) => view.plugin(it)?.whole ?? Decoration.none),
});

function linesOf(doc: Text, { from, to }: { from: number; to: number }): Line[] {
  const lines: Line[] = [];
  for (let at = from; at <= to;) {
    const line = doc.lineAt(at);
    lines.push(line);
    at = line.to + 1;
  }
  return lines;
}
