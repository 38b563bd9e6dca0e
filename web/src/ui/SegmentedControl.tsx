import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import type { LucideIcon } from "lucide-react";
import { cx } from "./cx";

export interface Segment<V extends string> {
  value: V;
  label: string;
  icon?: LucideIcon;
  /** Show the icon only; the label stays its name. */
  hideLabel?: boolean;
}

/** One of two to five views or modes, all in sight. */
export function SegmentedControl<V extends string>({
  label,
  segments,
  value,
  onChange,
  className,
}: {
  /** What is being chosen, for screen readers. */
  label: string;
  segments: readonly Segment<V>[];
  value: V;
  onChange: (value: V) => void;
  className?: string;
}) {
  return (
    <ToggleGroup
      aria-label={label}
      value={[value]}
      onValueChange={([chosen]) => chosen && onChange(chosen as V)}
      className={cx("inline-flex w-fit shrink-0 gap-0.5 rounded-md bg-sunken p-0.5", className)}
    >
      {segments.map(({ value: own, label: text, icon: Icon, hideLabel }) => (
        <Toggle
          key={own}
          value={own}
          aria-label={hideLabel ? text : undefined}
          title={hideLabel ? text : undefined}
          className={cx(
            "inline-flex min-h-7 min-w-8 items-center justify-center gap-1.5 rounded-sm px-2.5 text-sm text-ink-soft max-sm:min-h-10 max-sm:min-w-11",
            "transition-colors duration-(--duration-quick) hover:text-ink",
            "data-pressed:bg-raised data-pressed:font-medium data-pressed:text-ink data-pressed:shadow-card",
          )}
        >
          {Icon && <Icon aria-hidden className="size-4" />}
          {!hideLabel && text}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
