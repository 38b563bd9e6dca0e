import { lazy, Suspense, type UIEvent, useEffect, useRef } from "react";
import { type OpenDocument, useKinds } from "@/document";
import { Skeleton, SkeletonLines } from "@/ui/Skeleton";
import type { Drafting } from "./store";

const Canvas = lazy(() => import("@/canvas").then(({ Canvas }) => ({ default: Canvas })));
const SpecText = lazy(() => import("@/spec_text").then(({ SpecText }) => ({ default: SpecText })));

/** The document as far as it has come; once it is whole, as the editor lays it out. */
export function DraftText({ drafting, document }: { drafting: Drafting; document: OpenDocument | null }) {
  const { text, phase } = drafting;
  if (!text) return phase === "failed" ? null : <SkeletonLines lines={9} label="Drafting" className="p-5" />;
  const growing = <GrowingText text={text} />;
  if (!document) return growing;
  return (
    <Suspense fallback={growing}>
      <SpecText document={document} mode="preview" readOnly />
    </Suspense>
  );
}

/** The end stays in sight while more of it comes, until somebody scrolls up to read. */
function GrowingText({ text }: { text: string }) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    if (follows.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [text]);
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: UIEvent) => {
    follows.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
  };
  return (
    <div
      ref={box}
      onScroll={onScroll}
      tabIndex={0}
      role="region"
      aria-label="The document"
      className="h-full overflow-y-auto px-5 py-4"
    >
      {text.split("\n").map((line, index) => (
        <pre key={index} className={`min-h-5 font-mono text-sm whitespace-pre-wrap wrap-anywhere ${lookOf(line)}`}>
          {line}
        </pre>
      ))}
    </div>
  );
}

/** So many pixels from the end still count as the end. */
const NEAR_END = 48;

function lookOf(line: string): string {
  if (/^#{1,6} /.test(line)) return "font-semibold text-ink";
  if (/^(```|---$)/.test(line)) return "text-ink-faint";
  return line.startsWith("- ") ? "text-accent" : "text-ink-soft";
}

/** The draft as a graph that grows with it. The newest step stays in sight; the whole is shown once it is there. */
export function DraftCanvas({
  drafting: { reading, phase },
  selected,
  onSelect,
}: {
  drafting: Drafting;
  selected: string | null;
  onSelect: (node: string | null) => void;
}) {
  const kinds = useKinds();
  if (!reading?.flow) return phase === "failed" ? null : <CanvasWaiting />;
  return (
    <Suspense fallback={<CanvasWaiting />}>
      <Canvas
        key={phase === "done" ? "whole" : "growing"}
        flow={reading.flow}
        findings={reading.findings}
        selection={phase === "done" ? selected : (reading.flow.nodes?.at(-1)?.id ?? null)}
        onSelect={onSelect}
        readOnly
        kinds={kinds}
      />
    </Suspense>
  );
}

function CanvasWaiting() {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-12 overflow-hidden p-8">
      {[0, 1, 2].map((one) => (
        <Skeleton key={one} className="h-14 w-56 max-w-full shrink-0" />
      ))}
    </div>
  );
}
