import { json } from "@codemirror/lang-json";
import { foldGutter, foldKeymap } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useState } from "react";
import { type OpenDocument, type Reading, useDocument } from "@/document";
import { TextCore } from "@/document/text_core";
import { Banner } from "@/ui/Banner";
import { CopyButton } from "@/ui/CopyButton";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { look } from "./look";
import { searching } from "./searching";
import { useView } from "./useView";

type Twin = "spec" | "flow";

const TWINS: { value: Twin; label: string }[] = [
  { value: "spec", label: "Spec" },
  { value: "flow", label: "Flow" },
];

const EXTENSION: Extension = [
  json(),
  look(),
  lineNumbers(),
  foldGutter(),
  EditorView.lineWrapping,
  searching(),
  keymap.of(foldKeymap),
  EditorView.contentAttributes.of({ "aria-label": "The agent as JSON", tabindex: "0" }),
];

/** The exact twins of the text: the spec and the flow that it stands for, to read and to copy. */
export function JsonText({ document }: { document: OpenDocument }) {
  const [twin, setTwin] = useState<Twin>("spec");
  const drawn = useDocument(document, (state) => state.drawn);
  const isBroken = useDocument(document, (state) => state.is_broken);
  const text = jsonOf(drawn, twin);
  const [core] = useState(() => new TextCore({ text, readOnly: true, allowsLength: () => true }));
  const parent = useView(core, EXTENSION);
  useEffect(() => core.adopt(text), [core, text]);
  return (
    <div className="flex h-full min-h-0 flex-col bg-paper">
      <div className="flex items-center justify-between gap-2 border-b border-line px-3 py-1.5">
        <SegmentedControl<Twin> label="Which JSON" value={twin} onChange={setTwin} segments={TWINS} />
        <CopyButton text={text} label="Copy JSON" />
      </div>
      {isBroken && <Banner bar tone="warn" title="The text cannot be read at present. This is what it said before." />}
      <div ref={parent} className="min-h-0 flex-1 overflow-hidden" />
    </div>
  );
}

function jsonOf(reading: Reading | null, twin: Twin): string {
  return reading?.[twin] ? JSON.stringify(reading[twin], null, 2) : "";
}
