import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Check, Minus } from "lucide-react";
import { useId } from "react";
import { cx } from "./cx";
import { type ToggleProps, ToggleText } from "./Switch";

/** Chosen or not. `mixed`: some of what it stands for is. */
export function Checkbox({
  label,
  hint,
  hideLabel,
  checked,
  mixed,
  onChange,
  disabled,
  className,
}: ToggleProps & { mixed?: boolean }) {
  const id = useId();
  return (
    <label className={cx("control-sm inline-flex items-center gap-2.5 text-sm", disabled && "opacity-55", className)}>
      <Base.Root
        checked={checked}
        indeterminate={mixed}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-labelledby={`${id}-label`}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="flex size-4.5 shrink-0 items-center justify-center rounded-sm border border-ink-faint bg-raised text-on-accent data-checked:border-accent data-checked:bg-accent data-indeterminate:border-accent data-indeterminate:bg-accent"
      >
        <Base.Indicator>
          {mixed ? <Minus aria-hidden className="size-3.5" /> : <Check aria-hidden className="size-3.5" />}
        </Base.Indicator>
      </Base.Root>
      <ToggleText id={id} label={label} hint={hint} hideLabel={hideLabel} />
    </label>
  );
}
