import { Braces, Code, ScrollText } from "lucide-react";
import type { OpenDocument } from "@/document";
import { SpecText } from "@/spec_text";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { useEditor, useEditorStore } from "./state";

const MODES = [
  { value: "preview", label: "Preview", icon: ScrollText },
  { value: "plain", label: "Source", icon: Code },
  { value: "json", label: "JSON", icon: Braces },
] as const;

/** The text side, and how it is shown. */
export function TextPane({ document, readOnly }: { document: OpenDocument; readOnly: boolean }) {
  const store = useEditorStore();
  const mode = useEditor((state) => state.mode);
  return (
    <section aria-label="Text" className="flex h-full min-h-0 flex-col bg-paper">
      <div className="flex min-h-10 shrink-0 items-center overflow-x-auto border-b border-line px-2">
        <SegmentedControl
          label="How the text is shown"
          segments={MODES}
          value={mode}
          onChange={(next) => store.setState({ mode: next })}
        />
      </div>
      <div className="min-h-0 grow">
        <SpecText document={document} mode={mode} readOnly={readOnly} />
      </div>
    </section>
  );
}
