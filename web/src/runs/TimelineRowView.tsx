import { ChevronRight } from "lucide-react";
import { memo } from "react";
import { cx } from "@/ui/cx";
import { formatMs } from "@/ui/duration";
import { statusLook, TONE_FILL } from "@/ui/status";
import type { Scale } from "./scale";
import { StatusMark } from "./StatusMark";
import type { Bar, TimelineRow } from "./timeline";
import style from "./Timeline.module.css";
import { percent } from "./TimelineAxis";

interface Props {
  id: string;
  row: TimelineRow;
  scale: Scale;
  now: number;
  top: number;
  height: number;
  isSelected: boolean;
  onSelect: (path: string) => void;
  onFold: (key: string, isOpen: boolean) => void;
}

/** One row of the timeline: a name, its bars, how long it took. */
export const TimelineRowView = memo(function TimelineRowView(props: Props) {
  const { id, row, scale, now, top, height, isSelected, onSelect, onFold } = props;
  const isOut = row.status === "skipped";
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={isSelected}
      aria-expanded={row.isOpen ?? undefined}
      onClick={() => onSelect(row.path)}
      className={cx(
        style.grid,
        "absolute inset-x-0 cursor-pointer items-center",
        isSelected ? "bg-selected" : "hover:bg-hover",
      )}
      style={{ top, height }}
    >
      <div
        className="flex min-w-0 items-center gap-1.5 pr-2"
        style={{ paddingLeft: `${0.25 + Math.min(row.depth, 8) * 0.875}rem` }}
      >
        <Chevron row={row} onFold={onFold} />
        <StatusMark status={row.status} />
        {row.turn && <span className="shrink-0 text-xs text-ink-faint">{row.turn}</span>}
        <span className={cx("truncate", isOut && "text-ink-faint")}>{row.label}</span>
        <Note row={row} />
      </div>
      <div className="relative h-full min-w-0 overflow-hidden">
        <Ruler scale={scale} />
        {row.bars.map((bar, i) => (
          <BarView key={i} bar={bar} scale={scale} now={now} />
        ))}
      </div>
      <span className="truncate pr-3 text-right text-xs tabular-nums text-ink-soft">{tookOf(row, now)}</span>
    </div>
  );
});

function Chevron({ row, onFold }: Pick<Props, "row" | "onFold">) {
  if (row.isOpen === null) return <span className="w-6 shrink-0" />;
  return (
    <span
      aria-hidden
      onClick={(event) => {
        event.stopPropagation();
        onFold(row.key, !row.isOpen);
      }}
      className="flex h-8 w-6 shrink-0 items-center justify-center rounded-sm text-ink-faint hover:bg-line hover:text-ink max-sm:h-11 max-sm:w-8"
    >
      <ChevronRight
        className={cx("size-4 transition-transform duration-(--duration-quick)", row.isOpen && "rotate-90")}
      />
    </span>
  );
}

function Note({ row: { turns, attempts } }: { row: TimelineRow }) {
  const words = turns
    ? `${turns.count.toLocaleString("en")} ×${turns.failed ? `, ${turns.failed} failed` : ""}`
    : attempts > 1
      ? `${attempts} attempts`
      : null;
  return words && <span className="shrink-0 text-xs tabular-nums text-ink-faint max-sm:hidden">{words}</span>;
}

function Ruler({ scale: { ticks, cuts, place } }: { scale: Scale }) {
  return (
    <>
      {cuts.map(({ from, to }) => (
        <span
          key={from}
          className="absolute inset-y-0 bg-sunken"
          style={{ left: percent(place(from)), width: percent(place(to) - place(from)) }}
        />
      ))}
      {ticks.map(({ at }) => (
        <span key={at} className="absolute inset-y-0 border-l border-line opacity-60" style={{ left: percent(at) }} />
      ))}
    </>
  );
}

const LOOKS: Record<Bar["look"], string> = {
  work: "h-3 rounded-sm",
  frame: "h-1.5 rounded-full opacity-45",
  wait: cx(style.wait, "h-3 rounded-sm"),
  gap: "h-0 border-t border-dashed border-ink-faint bg-transparent!",
};

function BarView({ bar: { from, to, look, status }, scale, now }: { bar: Bar; scale: Scale; now: number }) {
  const left = scale.place(from);
  const width = Math.max(0, scale.place(Math.max(from, to ?? now)) - left);
  const { tone } = statusLook(status);
  const isLive = to === null && look === "work";
  return (
    <span
      className={cx(
        "absolute top-1/2 -translate-y-1/2",
        LOOKS[look],
        look !== "wait" && TONE_FILL[tone],
        isLive && "animate-pulse",
      )}
      style={{ left: `min(${percent(left)}, 100% - 3px)`, width: `max(3px, ${percent(width)})` }}
    />
  );
}

function tookOf({ from, to, status }: TimelineRow, now: number): string {
  if (from === null || status === "skipped") return "";
  if (to === null) return now > from ? formatMs(Math.floor((now - from) / 1_000) * 1_000) : "";
  return formatMs(to - from);
}
