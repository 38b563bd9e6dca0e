import { Switch as Base } from "@base-ui/react/switch";
import { type ReactNode, useId } from "react";
import { cx } from "./cx";

export interface ToggleProps {
  /** What is on or off. */
  label: ReactNode;
  hint?: ReactNode;
  /** The label is for screen readers only. */
  hideLabel?: boolean;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  className?: string;
}

/** On or off, at once. */
export function Switch({ label, hint, hideLabel, checked, onChange, disabled, className }: ToggleProps) {
  const id = useId();
  return (
    <label
      className={cx(
        "control-sm inline-flex items-center gap-2.5 text-sm",
        hideLabel && "justify-end max-sm:min-w-11",
        disabled && "opacity-55",
        className,
      )}
    >
      <Base.Root
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-labelledby={`${id}-label`}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="relative flex h-5 w-9 shrink-0 items-center rounded-full bg-line-strong p-0.5 transition-colors duration-(--duration-quick) data-checked:bg-accent"
      >
        <Base.Thumb className="size-4 rounded-full bg-raised shadow-card transition-transform duration-(--duration-quick) data-checked:translate-x-4" />
      </Base.Root>
      <ToggleText id={id} label={label} hint={hint} hideLabel={hideLabel} />
    </label>
  );
}

/** The words beside a switch or a checkbox. */
export function ToggleText({
  id,
  label,
  hint,
  hideLabel,
}: Pick<ToggleProps, "label" | "hint" | "hideLabel"> & { id: string }) {
  return (
    <span className={cx("flex flex-col", hideLabel && "sr-only")}>
      <span id={`${id}-label`}>{label}</span>
      {hint && (
        <span id={`${id}-hint`} className="text-xs text-ink-faint">
          {hint}
        </span>
      )}
    </span>
  );
}
