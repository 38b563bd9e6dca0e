import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { type RefObject, useEffect, useRef } from "react";
import type { TextCore } from "@/document/text_core";

/** Shows a text in the element of the ref, for as long as the component is there, dressed in an extension. */
export function useView(core: TextCore, extension: Extension): RefObject<HTMLDivElement | null> {
  const parent = useRef<HTMLDivElement | null>(null);
  useEffect(() => core.dress(extension), [core, extension]);
  useEffect(() => {
    if (!parent.current) return;
    const view = new EditorView({
      state: core.state,
      parent: parent.current,
      dispatchTransactions: (transactions) => core.apply(transactions),
    });
    const detach = core.attach(view);
    return () => {
      detach();
      view.destroy();
    };
  }, [core]);
  return parent;
}
