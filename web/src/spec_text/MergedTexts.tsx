import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { BothTextsProps } from "./BothTexts";
import { agentSpec } from "./language";
import { hiddenLineEnds } from "./line_ends";
import { look } from "./look";

/** The view behind BothTexts. */
export default function MergedTexts({ theirs, mine, onMerged }: BothTextsProps) {
  const parent = useRef<HTMLDivElement>(null);
  const heard = useRef(onMerged);
  useEffect(() => {
    heard.current = onMerged;
  }, [onMerged]);
  useEffect(() => {
    if (!parent.current) return;
    const tell = EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) heard.current(state.doc.sliceString(0));
    });
    const view = new MergeView({
      parent: parent.current,
      a: { doc: theirs, extensions: [...SHARED, EditorState.readOnly.of(true), named("Their text")] },
      b: { doc: mine, extensions: [...SHARED, tell, named("My text")] },
      revertControls: "a-to-b",
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    return () => view.destroy();
  }, [theirs, mine]);
  return <div ref={parent} className="h-full min-h-0 overflow-auto rounded-md border border-line bg-paper" />;
}

const SHARED = [
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

function named(label: string) {
  return EditorView.contentAttributes.of({ "aria-label": label });
}
