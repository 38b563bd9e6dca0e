import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { EmptyState } from "@/ui/EmptyState";
import { keyStep } from "./keys";
import type { Outline } from "./outline";
import { buildScale, type Scale } from "./scale";
import { busyOf, type Entry } from "./timeline";
import { TimelineAxis } from "./TimelineAxis";
import { TimelineRowView } from "./TimelineRowView";
import { isOver, type Run } from "./types";
import { useClock } from "./useClock";
import { useIsNarrowerThan } from "./useIsNarrowerThan";
import { useTimeline } from "./useTimeline";
import type { RunView } from "./watch";

/** When each step was under way: a bar per attempt, loops nested. `selection` is a step's path. */
export function Timeline({
  view,
  outline,
  selection,
  onSelect,
}: {
  view: RunView;
  outline: Outline;
  selection: string | null;
  onSelect: (path: string | null) => void;
}) {
  const { tree, rows, fold } = useTimeline(view, outline, selection);
  const goesOn = view.run !== null && !isOver(view.run.status);
  const now = useClock(goesOn);
  const isNarrow = useIsNarrowerThan(640);
  const scale = useMemo(
    () => scaleOf(tree, view.run, now, isNarrow ? 0.25 : undefined),
    [tree, view.run, now, isNarrow],
  );
  const rowHeight = isNarrow ? 44 : 32;
  const box = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing that is memoized takes its functions
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  const at = rows.findIndex(({ path }) => path === selection);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at);
  }, [virtual, at]);

  const onKeyDown = (event: KeyboardEvent) => {
    const act = keyStep(event.key, rows, at);
    if (!act) return;
    event.preventDefault();
    if (act.fold) fold(act.fold.key, act.fold.isOpen);
    if (act.select !== undefined) onSelect(act.select);
  };
  if (rows.length === 0) return <Nothing view={view} />;
  return (
    <section aria-label="Timeline" className="flex h-full min-h-0 flex-col text-sm">
      <TimelineAxis scale={scale} />
      <div
        ref={box}
        role="tree"
        aria-label="Steps"
        tabIndex={0}
        aria-activedescendant={at >= 0 ? rowId(at) : undefined}
        onKeyDown={onKeyDown}
        className="min-h-0 grow overflow-y-auto overscroll-contain -outline-offset-2!"
      >
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return (
              row && (
                <TimelineRowView
                  key={row.key}
                  id={rowId(index)}
                  row={row}
                  scale={scale}
                  now={now}
                  top={start}
                  height={rowHeight}
                  isSelected={index === at}
                  onSelect={onSelect}
                  onFold={fold}
                />
              )
            );
          })}
        </div>
      </div>
    </section>
  );
}

function Nothing({ view: { run, state } }: { view: RunView }) {
  if (state === "loading" || !run) return null;
  if (run.status === "queued")
    return <EmptyState title="Queued">The first step begins as soon as a worker is free.</EmptyState>;
  return (
    <EmptyState title={isOver(run.status) ? "No step was carried out" : "The first step is about to begin"}>
      {isOver(run.status) && "The run ended before it came to one."}
    </EmptyState>
  );
}

function scaleOf(tree: readonly Entry[], run: Run | null, now: number, labelShare?: number): Scale {
  const begun = Date.parse(run?.started_at ?? run?.created_at ?? "") || 0;
  const start = tree.reduce((least, { from }) => Math.min(least, from ?? least), begun);
  const last = tree.reduce((most, { from, to }) => Math.max(most, to ?? from ?? most), start);
  const end = run?.finished_at ? Math.max(last, Date.parse(run.finished_at)) : Math.max(last, now);
  return buildScale(start, end, busyOf(tree, end), labelShare);
}

function rowId(index: number): string {
  return `timeline-row-${index}`;
}
