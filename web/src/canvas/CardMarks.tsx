import { ArrowUpRight, CircleAlert, TriangleAlert } from "lucide-react";
import { cx } from "@/ui/cx";
import { formatMs } from "@/ui/duration";
import { statusLook, TONE_TEXT } from "@/ui/status";
import type { GraphNode } from "./graph";
import { type StepState, useCanvas } from "./state";

/** What there is to know about a step at a glance: how its run is, what is wrong with it, that it acts on the outside. */
export function CardMarks({ node }: { node: GraphNode }) {
  const state = useCanvas((canvas) => (node.step === null ? undefined : canvas.statuses[node.step]));
  const mark = useCanvas((canvas) => (node.step === null ? undefined : canvas.marks[node.step]));
  const acts = node.effect === "once" || node.effect === "keyed";
  if (!state && !mark && !acts) return null;
  return (
    <div className="canvas-far flex shrink-0 flex-col items-end gap-0.5 text-xs">
      {state ? <RunMark state={state} /> : acts && !mark && <ActsMark />}
      {mark && (
        <span title={mark.text} className={mark.severity === "error" ? "text-bad" : "text-warn"}>
          {mark.severity === "error" ? (
            <CircleAlert aria-hidden className="size-4" />
          ) : (
            <TriangleAlert aria-hidden className="size-4" />
          )}
          <span className="sr-only">{mark.text}</span>
        </span>
      )}
    </div>
  );
}

function ActsMark() {
  return (
    <span title="Acts on the outside" className="text-ink-faint">
      <ArrowUpRight aria-hidden className="size-3.5" />
      <span className="sr-only">Acts on the outside</span>
    </span>
  );
}

function RunMark({ state }: { state: StepState }) {
  const { word, icon: Icon, tone, spins } = statusLook(state.status);
  const { items, attempt, took_ms } = state;
  const detail = items
    ? `${items.done}${items.total === undefined ? "" : `/${items.total}`}`
    : took_ms != null
      ? formatMs(took_ms)
      : attempt !== undefined && attempt > 1
        ? `try ${attempt}`
        : null;
  const failed = items?.failed ? `, ${items.failed} failed` : "";
  return (
    <span
      title={`${word}${attempt !== undefined && attempt > 1 ? `, attempt ${attempt}` : ""}${failed}`}
      className={cx("flex flex-col items-end", TONE_TEXT[tone])}
    >
      <Icon aria-hidden className={cx("size-4", spins && "animate-spin")} />
      <span className="sr-only">{word}</span>
      {detail && <span className="text-xs tabular-nums text-ink-soft">{detail}</span>}
    </span>
  );
}
