import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { DifferenceProps } from "./Difference";
import { named, SHARED } from "./merge_look";

/** The view behind Difference. */
export default function DifferenceView({ before, after, names, isUnified }: DifferenceProps & { isUnified: boolean }) {
  const parent = useRef<HTMLDivElement>(null);
  const [from, to] = names;
  useEffect(() => {
    if (!parent.current) return;
    const view = isUnified
      ? under(parent.current, before, after, to)
      : beside(parent.current, before, after, [from, to]);
    return () => view.destroy();
  }, [before, after, from, to, isUnified]);
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-paper">
      {!isUnified && (
        <div aria-hidden className="grid grid-cols-2 border-b border-line text-xs text-ink-faint">
          <span className="px-3 py-1.5">{from}</span>
          <span className="px-3 py-1.5">{to}</span>
        </div>
      )}
      <div ref={parent} />
    </div>
  );
}

const READ_ONLY = [...SHARED, EditorState.readOnly.of(true)];
const UNCHANGED = { margin: 3, minSize: 6 };

function beside(parent: HTMLElement, before: string, after: string, [from, to]: readonly [string, string]): MergeView {
  return new MergeView({
    parent,
    a: { doc: before, extensions: [...READ_ONLY, named(from)] },
    b: { doc: after, extensions: [...READ_ONLY, named(to)] },
    collapseUnchanged: UNCHANGED,
    gutter: true,
  });
}

function under(parent: HTMLElement, before: string, after: string, name: string): EditorView {
  const merged = unifiedMergeView({
    original: before,
    mergeControls: false,
    collapseUnchanged: UNCHANGED,
    gutter: true,
  });
  return new EditorView({ parent, doc: after, extensions: [...READ_ONLY, merged, named(name)] });
}
