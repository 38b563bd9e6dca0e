import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { BothTextsProps } from "./BothTexts";
import { named, SHARED } from "./merge_look";

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
