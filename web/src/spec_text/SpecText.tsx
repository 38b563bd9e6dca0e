import { lazy, Suspense, useEffect, useMemo } from "react";
import { type OpenDocument, useDocument, useKinds, useTriggerKinds } from "@/document";
import { coreOf } from "@/document/open_document";
import { useSecretNames } from "@/secrets/useSecretNames";
import { dress } from "./dress";
import { tie } from "./sync";
import { TextSkeleton } from "./TextSkeleton";
import { useView } from "./useView";

const JsonText = lazy(() => import("./JsonText").then(({ JsonText }) => ({ default: JsonText })));

/** The text side of an open document: as it stands (`plain`), laid out while it stays text (`preview`), or as JSON. */
export function SpecText({
  document,
  mode,
  readOnly = false,
}: {
  document: OpenDocument;
  mode: "plain" | "preview" | "json";
  readOnly?: boolean;
}) {
  const isLoaded = useDocument(document, (state) => state.is_loaded);
  if (!isLoaded) return <TextSkeleton />;
  if (mode === "json") {
    return (
      <Suspense fallback={<TextSkeleton />}>
        <JsonText document={document} />
      </Suspense>
    );
  }
  return <MarkdownText document={document} mode={mode} readOnly={readOnly} />;
}

function MarkdownText({
  document,
  mode,
  readOnly,
}: {
  document: OpenDocument;
  mode: "plain" | "preview";
  readOnly: boolean;
}) {
  const core = coreOf(document);
  const kinds = useKinds();
  const triggers = useTriggerKinds();
  const stored = useSecretNames();
  const extension = useMemo(() => {
    const secrets = [...(stored ?? [])];
    const around = { kinds, triggers, reading: () => document.get().drawn, secrets };
    return dress({ mode, readOnly, label: "The agent as text", ...around });
  }, [document, mode, readOnly, kinds, triggers, stored]);
  const parent = useView(core, extension);
  useEffect(() => tie(document, core), [document, core]);
  return <div ref={parent} className="h-full min-h-0 overflow-hidden" />;
}
