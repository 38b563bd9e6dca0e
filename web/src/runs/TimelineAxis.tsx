import { formatMs } from "@/ui/duration";
import { cx } from "@/ui/cx";
import type { Scale } from "./scale";
import style from "./Timeline.module.css";

/** The hours above the bars: time since the run began, and what was cut out of it. */
export function TimelineAxis({ scale: { ticks, cuts, place } }: { scale: Scale }) {
  return (
    <div aria-hidden className={cx(style.grid, "h-7 shrink-0 border-b border-line text-xs text-ink-faint")}>
      <span className="self-center pl-3">Step</span>
      <div className="relative min-w-0 overflow-hidden">
        {ticks.map(({ at, label }) => (
          <span
            key={at}
            className="absolute inset-y-0 flex items-center border-l border-line pl-1 tabular-nums whitespace-nowrap"
            style={{ left: percent(at) }}
          >
            {label}
          </span>
        ))}
        {cuts.map(({ from, to }) => (
          <span
            key={from}
            className="absolute inset-y-0 flex items-center justify-center overflow-hidden bg-sunken whitespace-nowrap"
            style={{ left: percent(place(from)), width: percent(place(to) - place(from)) }}
          >
            <span className="truncate px-1">{formatMs(to - from)}</span>
          </span>
        ))}
      </div>
      <span className="self-center pr-3 text-right">Took</span>
    </div>
  );
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
