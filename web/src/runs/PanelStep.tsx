import { ChevronDown, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Banner } from "@/ui/Banner";
import { cx } from "@/ui/cx";
import { formatMs } from "@/ui/duration";
import { Tree } from "@/ui/Tree";
import { Deltas } from "./Deltas";
import { nameInExpressions } from "./paths";
import { StatusMark } from "./StatusMark";
import type { TimelineRow } from "./timeline";
import { lastAttempt, type StepTrace } from "./trace";
import { failureOf } from "./types";

/** One step in the run panel: a line, and below it what it gave when a person wants to know. */
export function PanelStep({
  row,
  step,
  delta,
  isShown,
  onShow,
  onFold,
  settings,
}: {
  row: TimelineRow;
  step: StepTrace | undefined;
  delta: string | undefined;
  isShown: boolean;
  onShow: () => void;
  onFold: () => void;
  /** A button that opens its settings. */
  settings: ReactNode;
}) {
  const isTurn = row.kind === null;
  return (
    <li style={{ paddingLeft: `${Math.min(row.depth, 6)}rem` }}>
      <div className={cx("flex items-center rounded-md hover:bg-hover", isShown && "bg-selected")}>
        {row.isOpen !== null && <FoldButton label={row.label} isOpen={row.isOpen} onFold={onFold} />}
        <button
          type="button"
          aria-expanded={isTurn ? (row.isOpen ?? undefined) : isShown}
          onClick={isTurn ? onFold : onShow}
          className="control-sm flex min-w-0 grow items-center gap-2 rounded-md px-2 text-left text-sm"
        >
          <StatusMark status={row.status} />
          {row.turn && <span className="shrink-0 text-ink-faint">{row.turn}</span>}
          <span className={cx("min-w-0 grow truncate", row.status === "skipped" && "text-ink-faint")}>{row.label}</span>
          <RowNote row={row} />
        </button>
      </div>
      {delta && !isShown && (
        <div className="px-2 pb-2 pt-1">
          <Deltas text={delta} />
        </div>
      )}
      {isShown && (
        <div className="flex flex-col items-start gap-2 px-2 pb-3 pt-2">
          <Result row={row} step={step} delta={delta} />
          {settings}
        </div>
      )}
    </li>
  );
}

function FoldButton({ label, isOpen, onFold }: { label: string; isOpen: boolean; onFold: () => void }) {
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      aria-label={`${isOpen ? "Fold" : "Unfold"} ${label}`}
      onClick={onFold}
      className="control-sm square-sm flex shrink-0 items-center justify-center rounded-md text-ink-faint hover:text-ink"
    >
      <Chevron aria-hidden className="size-4" />
    </button>
  );
}

function RowNote({ row }: { row: TimelineRow }) {
  const notes = [
    row.turns && `${row.turns.count} × ${row.turns.failed ? `(${row.turns.failed} failed)` : ""}`.trim(),
    row.attempts > 1 && `${row.attempts} attempts`,
    row.from !== null && row.to !== null && row.status !== "skipped" && formatMs(row.to - row.from),
  ].filter(Boolean);
  return <span className="shrink-0 text-xs tabular-nums text-ink-faint">{notes.join(" · ")}</span>;
}

function Result({ row, step, delta }: { row: TimelineRow; step: StepTrace | undefined; delta: string | undefined }) {
  const attempt = step && lastAttempt(step);
  const failure = failureOf(attempt?.failure);
  if (delta) return <Deltas text={delta} />;
  if (failure) {
    return (
      <Banner tone="bad" title={failure.message} className="w-full wrap-anywhere">
        {failure.next_step && <p>{failure.next_step}</p>}
      </Banner>
    );
  }
  if (row.status === "succeeded" && attempt) {
    return (
      <Tree
        key={row.key}
        value={attempt.output}
        name={`Output of ${row.label}`}
        base={nameInExpressions(step.node)}
        className="w-full"
      />
    );
  }
  return <p className="text-sm text-ink-soft">{EMPTY[row.status]}</p>;
}

const EMPTY: Record<TimelineRow["status"], string> = {
  running: "It is under way.",
  waiting: "It waits, and goes on by itself.",
  retrying: "It failed and is tried again.",
  asking: "A person has to decide how it goes on.",
  skipped: "It was left out: no route led to it, or its condition did not hold.",
  cancelled: "The run ended before it was through.",
  failed: "It failed.",
  succeeded: "It gave nothing.",
};
