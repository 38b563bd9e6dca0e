/** `{{ expressions }}` stand out wherever they are written. */
import type { Extension } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";

const matcher = new MatchDecorator({
  regexp: /(?<!\\)\{\{(?:(?!\}\}).)*\}\}/g,
  decoration: Decoration.mark({ class: "cm-template" }),
});

class Templates {
  marks: DecorationSet;

  constructor(view: EditorView) {
    this.marks = matcher.createDeco(view);
  }

  update(update: ViewUpdate): void {
    this.marks = matcher.updateDeco(update, this.marks);
  }
}

export const templates: Extension = ViewPlugin.fromClass(Templates, { decorations: ({ marks }) => marks });

/** The second `{` brings both `}` along; a blank between them stands on both sides of what is to come. */
export const closeTemplates: Extension = EditorView.inputHandler.of((view, from, to, typed) => {
  const before = view.state.sliceDoc(from - 2, from);
  const after = view.state.sliceDoc(to, to + 2);
  if (from !== to) return false;
  if (typed === " " && before === "{{" && after === "}}") return put(view, from, to, "  ");
  if (typed !== "{" || !/(^|[^{\\])\{$/.test(before) || after === "}}") return false;
  return put(view, from, after.startsWith("}") ? to + 1 : to, "{}}");
});

/** Writes a text, with the caret behind its first character. */
function put(view: EditorView, from: number, to: number, insert: string): boolean {
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + 1 }, userEvent: "input.type" });
  return true;
}
