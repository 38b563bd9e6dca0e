import { cx } from "@/ui/cx";

interface MeterProps {
  label: string;
  used: number;
  /** Null: any number. */
  most: number | null;
  /** How both are written; as counts by default. */
  format?: (amount: number) => string;
  className?: string;
}

/** How much of something is used, as words and as a bar. */
export function Meter({ label, used, most, format = formatCount, className }: MeterProps) {
  const share = most === null ? 0 : Math.min(1, used / most);
  return (
    <div className={className}>
      <p className="flex items-baseline justify-between gap-3 text-sm">
        <span className="text-ink-soft">{label}</span>
        <span className="tabular-nums">
          {format(used)} <span className="text-ink-faint">{most === null ? "· no limit" : `of ${format(most)}`}</span>
        </span>
      </p>
      <div aria-hidden className="mt-1.5 h-1.5 overflow-hidden rounded-full bg-sunken">
        <div className={cx("h-full", share >= 1 ? "bg-warn" : "bg-accent")} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}

function formatCount(count: number): string {
  return count.toLocaleString("en");
}
