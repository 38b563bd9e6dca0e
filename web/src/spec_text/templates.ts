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

/** The second `{` brings both `}` along, and room for the expression between them. */
export const closeTemplates: Extension = EditorView.inputHandler.of((view, from, to, typed) => {
  const { state } = view;
  const [before, after] = [state.sliceDoc(from - 2, from), state.sliceDoc(to, to + 2)];
  if (typed !== "{" || from !== to || !/(^|[^{\\])\{$/.test(before) || after === "}}") return false;
  const end = after.startsWith("}") ? to + 1 : to;
  view.dispatch({
    changes: { from, to: end, insert: "{  }}" },
    selection: { anchor: from + 2 },
    userEvent: "input.type",
  });
  return true;
});
