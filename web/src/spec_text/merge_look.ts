/** What texts beside each other have in common: how they are read, and how what differs is shown. */
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { agentSpec } from "./language";
import { hiddenLineEnds } from "./line_ends";
import { look } from "./look";

export const SHARED = [
  EditorState.lineSeparator.of("\n"),
  agentSpec(),
  look(),
  hiddenLineEnds,
  lineNumbers(),
  EditorView.lineWrapping,
  EditorView.theme({
    "&": { height: "auto" },
    ".cm-content": { padding: "0.5rem 0" },
    "&.cm-merge-a .cm-changedLine": { backgroundColor: "var(--color-bad-soft)" },
    "&.cm-merge-b .cm-changedLine": { backgroundColor: "var(--color-good-soft)" },
    "&.cm-merge-a .cm-changedText, &.cm-merge-b .cm-changedText": {
      background: "none",
      textDecoration: "underline",
      textDecorationColor: "currentColor",
      textUnderlineOffset: "3px",
    },
    ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: "none" },
    ".cm-collapsedLines": {
      background: "var(--color-sunken)",
      color: "var(--color-ink-soft)",
      fontFamily: "var(--font-sans)",
    },
  }),
];

/** How a text is called. */
export function named(label: string) {
  return EditorView.contentAttributes.of({ "aria-label": label });
}
