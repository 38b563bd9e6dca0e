import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";
import type { Tone } from "./status";

const TONES: Record<Tone | "accent", string> = {
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  live: "bg-live-soft text-live",
  idle: "bg-idle-soft text-idle",
  accent: "bg-accent-soft text-accent",
};

/** A word or number that says how something is. */
export function Badge({
  tone = "idle",
  icon: Icon,
  spins,
  className,
  children,
}: {
  tone?: Tone | "accent";
  icon?: LucideIcon;
  /** The icon turns: it is going on now. */
  spins?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      className={cx(
        "inline-flex h-5.5 shrink-0 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 text-xs font-medium",
        TONES[tone],
        className,
      )}
    >
      {Icon && <Icon aria-hidden className={cx("size-3.5", spins && "animate-spin")} />}
      {children}
    </span>
  );
}
