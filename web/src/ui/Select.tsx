import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronsUpDown, type LucideIcon } from "lucide-react";
import type { ControlSize } from "./Button";
import { cx } from "./cx";
import { useFieldLabelId, useFieldProps } from "./Field";
import { inputLook } from "./TextInput";

export interface SelectOption<V extends string> {
  value: V;
  label: string;
  hint?: string;
  icon?: LucideIcon;
  disabled?: boolean;
}

/** One of a few values. Inside a `Field` the field's label names it, elsewhere `label` does. */
export function Select<V extends string>({
  options,
  value,
  onChange,
  placeholder = "Choose",
  label,
  size = "md",
  disabled,
  className,
}: {
  options: readonly SelectOption<V>[];
  value: V | null;
  onChange: (value: V) => void;
  placeholder?: string;
  label?: string;
  size?: ControlSize;
  disabled?: boolean;
  className?: string;
}) {
  const field = useFieldProps();
  const labelId = useFieldLabelId();
  return (
    <Base.Root
      items={options}
      value={value}
      onValueChange={(chosen) => chosen !== null && onChange(chosen as V)}
      disabled={disabled}
    >
      <Base.Trigger
        {...field}
        aria-label={label}
        aria-labelledby={label ? undefined : labelId}
        className={cx(
          inputLook,
          "flex items-center justify-between gap-2 pl-3 pr-2 text-left data-disabled:opacity-55",
          size === "sm" ? "control-sm" : "control-md",
          className,
        )}
      >
        <Base.Value placeholder={<span className="text-ink-faint">{placeholder}</span>} className="truncate" />
        <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} collisionPadding={8} alignItemWithTrigger={false} className="z-10 outline-none">
          <Base.Popup className="popup popup-motion max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto p-1">
            {options.map((option) => (
              <Option key={option.value} option={option} />
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Option({ option: { value, label, hint, icon: Icon, disabled } }: { option: SelectOption<string> }) {
  return (
    <Base.Item value={value} disabled={disabled} className="popup-item">
      {Icon && <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" />}
      <span className="flex min-w-0 grow flex-col">
        <Base.ItemText>{label}</Base.ItemText>
        {hint && <span className="text-xs text-ink-faint">{hint}</span>}
      </span>
      <Base.ItemIndicator className="shrink-0 text-accent">
        <Check aria-hidden className="size-4" />
      </Base.ItemIndicator>
    </Base.Item>
  );
}
