import { useEffect, useMemo, useState } from "react";
import { useKinds } from "@/document";
import { TextCore } from "@/document/text_core";
import { dress, type TextMode } from "./dress";
import { useView } from "./useView";

/** A spec that is only read: a draft as it grows, an older version. */
export function SpecPreviewText({ text, mode, label = "A spec" }: { text: string; mode: TextMode; label?: string }) {
  const [core] = useState(() => new TextCore({ text, readOnly: true, allowsLength: () => true }));
  const kinds = useKinds();
  const extension = useMemo(() => {
    return dress({ mode, readOnly: true, label, kinds, triggers: new Map(), reading: () => null, secrets: [] });
  }, [mode, label, kinds]);
  const parent = useView(core, extension);
  useEffect(() => core.adopt(text), [core, text]);
  return <div ref={parent} className="h-full min-h-0 overflow-hidden" />;
}
