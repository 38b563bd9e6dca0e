/** The ways to a place of the open document: from a finding, from a link to a step. */
import { useEffect } from "react";
import { type Finding, type OpenDocument, useDocument } from "@/document";
import { useParam } from "@/navigation";
import { type EditorStore, openSide, showText } from "./state";

/** Shows where a finding is, in the text and on the canvas. */
export function goTo(document: OpenDocument, store: EditorStore, { node, line, column }: Finding): void {
  if (node) document.select(node, "elsewhere");
  if (!line) return;
  showText(store);
  // The text may only now be put on the screen.
  requestAnimationFrame(() => document.reveal(line, column ?? undefined));
}

/** A link may name a step (`?step=…`): it is selected, and its settings are open. */
export function useLinkedStep(document: OpenDocument, store: EditorStore): void {
  const step = useParam("step");
  const isDrawn = useDocument(document, (state) => state.drawn !== null);
  useEffect(() => {
    if (step === null || !isDrawn) return;
    document.select(step, "elsewhere");
    openSide(store, "settings");
  }, [document, store, step, isDrawn]);
}
