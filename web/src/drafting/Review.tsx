import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { openDocument, type OpenDocument } from "@/document";
import { useIsNarrow } from "@/ui/platform";
import { type Tab, Tabs } from "@/ui/Tabs";
import { Accept } from "./Accept";
import { DraftCanvas, DraftText } from "./panes";
import { Rail, type RailProps } from "./Rail";
import { ReviewBar } from "./ReviewBar";
import type { Drafting } from "./store";

export interface ReviewProps extends Omit<RailProps, "drafting" | "onStep"> {
  drafting: Drafting;
  english: string;
  /** Back to the sentence, which stays as it was. */
  onBack: () => void;
  onRetry: () => void;
}

type View = "text" | "canvas" | "review";

/** The draft while it grows, and what there is to say about it: text and graph side by side, questions beside them. */
export function Review({ drafting, english, onBack, onRetry, ...rail }: ReviewProps) {
  const isNarrow = useIsNarrow();
  const [view, setView] = useState<View>("canvas");
  const document = useFinished(drafting);
  const selected = useSelected(document);
  const text = <DraftText drafting={drafting} document={document} />;
  const canvas = (
    <DraftCanvas drafting={drafting} selected={selected} onSelect={(node) => document?.select(node, "canvas")} />
  );
  const toStep = (step: string) => {
    document?.select(step, "elsewhere");
    setView("canvas");
  };
  const aside = <Rail {...rail} drafting={drafting} onStep={toStep} onRetry={onRetry} />;
  const questions = drafting.draft?.questions?.length ?? 0;
  const tabs: Tab<View>[] = [
    { value: "canvas", label: "Canvas", panel: canvas },
    { value: "text", label: "Text", panel: text },
    { value: "review", label: questions ? `Review (${questions})` : "Review", panel: aside },
  ];
  return (
    <div className="flex h-full flex-col">
      <ReviewBar drafting={drafting} english={english} onBack={onBack} />
      {isNarrow ? (
        <>
          <Tabs
            label="The draft"
            tabs={tabs}
            value={drafting.phase === "failed" ? "review" : view}
            onChange={setView}
            className="grow"
            panelClassName="overflow-hidden"
          />
          {drafting.phase === "done" && <Accept key={drafting.text} markdown={drafting.text} />}
        </>
      ) : (
        <div className="grid min-h-0 grow grid-cols-[minmax(0,2fr)_minmax(0,3fr)] grid-rows-[minmax(0,1fr)_minmax(0,1fr)] xl:grid-cols-[minmax(0,4fr)_minmax(0,5fr)_22rem] xl:grid-rows-1">
          <section aria-label="Text" className="min-h-0 border-r border-line bg-paper">
            {text}
          </section>
          <section aria-label="Canvas" className="min-h-0">
            {canvas}
          </section>
          <aside className="col-span-2 flex min-h-0 flex-col border-line bg-paper max-xl:border-t xl:col-span-1 xl:border-l">
            {aside}
            {drafting.phase === "done" && <Accept key={drafting.text} markdown={drafting.text} />}
          </aside>
        </div>
      )}
    </div>
  );
}

/** The finished text as a document to be read, so that text and canvas share what is selected. */
function useFinished({ phase, text }: Drafting): OpenDocument | null {
  const document = useMemo(() => (phase === "done" ? openDocument({ text, readOnly: true }) : null), [phase, text]);
  useEffect(() => () => document?.close(), [document]);
  return document;
}

function useSelected(document: OpenDocument | null): string | null {
  return useSyncExternalStore(
    (listener) => document?.subscribe(listener) ?? nothing,
    () => document?.get().selection.node ?? null,
    () => null,
  );
}

const nothing = () => undefined;
