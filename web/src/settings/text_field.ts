/** The CodeMirror behind a setting's text: templates highlighted, names completed, one line or many. */
import { autocompletion, type Completion, type CompletionContext, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import { Decoration, EditorView, keymap, MatchDecorator, placeholder, tooltips, ViewPlugin } from "@codemirror/view";
import { lookUp, type Name } from "./names";

export interface TextFieldOptions {
  parent: HTMLElement;
  text: string;
  many: boolean;
  mono: boolean;
  /** `expression`: all of it is one; `template`: what stands in `{{ }}` is; `plain`: nothing is. */
  mode: "expression" | "template" | "plain";
  hint: string;
  readOnly: boolean;
  attributes: () => Record<string, string>;
  names: () => Name[];
  onCommit: (text: string) => void;
  onReset: () => void;
}

/** A text field in `parent`. Enter (with Ctrl or Cmd where there are many lines) and leaving it commit; Escape resets. */
export function textField(options: TextFieldOptions): EditorView {
  return new EditorView({
    parent: options.parent,
    state: EditorState.create({ doc: options.text, extensions: extensions(options) }),
  });
}

/** Writes a name where the cursor is, in braces where it needs some. */
export function insertName(view: EditorView, expression: string, mode: TextFieldOptions["mode"]) {
  const { from, to } = view.state.selection.main;
  const bare = mode !== "template" || isInTemplate(view.state.doc.toString(), from);
  const insert = bare ? expression : `{{ ${expression} }}`;
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input" });
  view.focus();
}

/** Whether a place in a text lies between `{{` and `}}`. */
export function isInTemplate(text: string, at: number): boolean {
  const before = text.slice(0, at);
  return before.lastIndexOf("{{") > before.lastIndexOf("}}");
}

function extensions(options: TextFieldOptions): Extension[] {
  const { many, mode } = options;
  return [
    history(),
    Prec.high(keymap.of(keys(options))),
    keymap.of([...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"), ...historyKeymap]),
    EditorView.contentAttributes.of(() => ({ ...options.attributes(), "aria-multiline": String(many) })),
    EditorView.domEventHandlers({ blur: (_, view) => options.onCommit(view.state.doc.toString()) }),
    EditorState.readOnly.of(options.readOnly),
    EditorView.editable.of(!options.readOnly),
    options.hint ? placeholder(options.hint) : [],
    many ? EditorView.lineWrapping : oneLine,
    mode === "template" ? templates : [],
    mode === "plain" ? [] : completion(options),
    look(options),
  ];
}

function keys({ many, onCommit, onReset }: TextFieldOptions) {
  const commit = (view: EditorView) => {
    if (completionStatus(view.state) === "active") return false;
    onCommit(view.state.doc.toString());
    return true;
  };
  const reset = (view: EditorView) => {
    if (completionStatus(view.state) !== null) return false;
    onReset();
    return true;
  };
  return [
    { key: many ? "Mod-Enter" : "Enter", run: commit },
    { key: "Escape", run: reset },
  ];
}

const oneLine = EditorState.transactionFilter.of((transaction) =>
  transaction.newDoc.lines > 1
    ? [transaction, { changes: joined(transaction.newDoc.toString()), sequential: true }]
    : transaction,
);

/** The changes that turn line ends into blanks. */
function joined(text: string) {
  return Array.from(text.matchAll(/\n/g), ({ index }) => ({ from: index, to: index + 1, insert: " " }));
}

const templateMarks = new MatchDecorator({
  regexp: /\{\{.*?\}\}/g,
  decoration: Decoration.mark({ class: "rounded-sm bg-accent-soft font-mono text-accent" }),
});
const templates = ViewPlugin.define(
  (view) => ({
    marks: templateMarks.createDeco(view),
    update(update) {
      this.marks = templateMarks.updateDeco(update, this.marks);
    },
  }),
  { decorations: (plugin) => plugin.marks },
);

function completion({ mode, names }: TextFieldOptions): Extension {
  return [
    autocompletion({ override: [(context) => complete(context, mode, names())], icons: false, maxRenderedOptions: 50 }),
    typeof document === "undefined" ? [] : tooltips({ parent: document.body }),
  ];
}

function complete(context: CompletionContext, mode: TextFieldOptions["mode"], names: Name[]) {
  if (mode === "template" && !isInTemplate(context.state.doc.toString(), context.pos)) return null;
  const before = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}\p{N}_]*|\[\d+\])*/u);
  if (!before && !context.explicit) return null;
  const text = before?.text ?? "";
  const start = text.slice(0, text.lastIndexOf(".") + 1);
  const options = namesUnder(names, start).map((one) => option(one, start));
  if (options.length === 0) return null;
  return { from: context.pos - text.length + start.length, options, validFor: /^[\p{L}\p{N}_]*$/u };
}

/** The names that can follow: `inputs.` → every input. */
export function namesUnder(names: Name[], start: string): Name[] {
  const inside = start && lookUp(names, start.slice(0, -1))?.children();
  return (inside || names).filter((one) => one.expression.startsWith(start));
}

function option(name: Name, start: string): Completion {
  const label = name.expression.slice(start.length);
  return { label, detail: name.label === label ? name.type : name.label };
}

function look({ many, mono }: TextFieldOptions): Extension {
  return EditorView.theme({
    "&": { backgroundColor: "transparent", color: "var(--color-ink)", outline: "none !important" },
    ".cm-scroller": {
      fontFamily: mono ? "var(--font-mono)" : "var(--font-sans)",
      lineHeight: "1.25rem",
      overflow: many ? "auto" : "hidden",
    },
    "&.cm-editor": { maxHeight: "50vh" },
    ".cm-content": {
      padding: many ? "0.5rem 0" : "0.4rem 0",
      caretColor: "var(--color-ink)",
      minHeight: many ? "2.25rem" : "0",
    },
    ".cm-line": { padding: "0 0.75rem" },
    ".cm-cursor": { borderLeftColor: "var(--color-ink)" },
    ".cm-placeholder": { color: "var(--color-ink-faint)" },
    ".cm-tooltip": {
      backgroundColor: "var(--color-raised)",
      border: "1px solid var(--color-line)",
      borderRadius: "var(--radius-md)",
      boxShadow: "var(--shadow-float)",
      zIndex: "30",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": {
      fontFamily: "var(--font-mono)",
      fontSize: "0.8125rem",
      maxHeight: "14rem",
      padding: "0.25rem",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.25rem 0.5rem", borderRadius: "var(--radius-sm)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
      backgroundColor: "var(--color-selected)",
      color: "var(--color-ink)",
    },
    ".cm-completionDetail": {
      color: "var(--color-ink-faint)",
      fontFamily: "var(--font-sans)",
      fontStyle: "normal",
      marginLeft: "1rem",
    },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
  });
}
