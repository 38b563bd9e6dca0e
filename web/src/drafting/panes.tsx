import { lazy, Suspense, useEffect, useRef } from "react";
import { useKinds } from "@/document";
import { Skeleton, SkeletonLines } from "@/ui/Skeleton";
import type { Drafting } from "./store";

const Canvas = lazy(() => import("@/canvas").then(({ Canvas }) => ({ default: Canvas })));

/** The document as far as it has come. The end stays in sight while it grows. */
export function DraftText({ drafting, selected }: { drafting: Drafting; selected: string | null }) {
  const { text, phase, reading } = drafting;
  const box = useRef<HTMLDivElement>(null);
  const isGrowing = phase === "drafting";
  useEffect(() => {
    if (isGrowing) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [isGrowing, text]);
  const line = selected ? reading?.places[selected]?.line : undefined;
  useEffect(() => {
    if (line) box.current?.querySelector(`[data-line="${line}"]`)?.scrollIntoView({ block: "center" });
  }, [line]);
  if (!text) return phase === "failed" ? null : <SkeletonLines lines={9} label="Drafting" className="p-5" />;
  const end = selected ? reading?.places[selected]?.tree_end_line : undefined;
  return (
    <div ref={box} tabIndex={0} role="region" aria-label="The document" className="h-full overflow-auto py-4">
      <pre className="w-max min-w-full font-mono text-xs leading-5">
        {text.split("\n").map((said, index) => (
          <Line key={index} number={index + 1} text={said} isSelected={isWithin(index + 1, line, end)} />
        ))}
      </pre>
    </div>
  );
}

function isWithin(number: number, from: number | undefined, to: number | undefined): boolean {
  return from !== undefined && to !== undefined && number >= from && number <= to;
}

function Line({ number, text, isSelected }: { number: number; text: string; isSelected: boolean }) {
  return (
    <div data-line={number} className={`min-h-5 px-5 ${isSelected ? "bg-selected" : ""} ${lookOf(text)}`}>
      {text}
    </div>
  );
}

function lookOf(line: string): string {
  if (/^#{1,6} /.test(line)) return "font-semibold text-ink";
  if (/^(```|---$)/.test(line)) return "text-ink-faint";
  return line.startsWith("- ") ? "text-accent" : "text-ink-soft";
}

/** The draft as a graph that grows with it. */
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
        flow={reading.flow}
        findings={reading.findings}
        places={reading.places}
        selection={selected}
        onSelect={onSelect}
        readOnly
        kinds={kinds}
      />
    </Suspense>
  );
}

function CanvasWaiting() {
  return (
    <div className="flex h-full items-center justify-center gap-8 overflow-hidden p-8">
      {[0, 1, 2].map((one) => (
        <Skeleton key={one} className="h-16 w-40 shrink-0 rounded-lg" />
      ))}
    </div>
  );
}
