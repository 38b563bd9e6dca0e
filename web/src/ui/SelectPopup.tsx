import { Select as Base } from "@base-ui/react/select";
import { Check } from "lucide-react";
import { useFieldLabelId, useFieldProps } from "./Field";
import { selectLook, type SelectOption, type SelectProps, SelectValue } from "./Select";

/** The choice with its popup, open from the start: it is loaded and drawn when it is first wanted. */
export default function SelectPopup<V extends string>(props: SelectProps<V>) {
  const { options, value, onChange, placeholder, label, size, disabled, className } = props;
  const field = useFieldProps();
  const labelId = useFieldLabelId();
  return (
    <Base.Root
      defaultOpen
      items={options}
      value={value}
      onValueChange={(chosen) => chosen !== null && onChange(chosen as V)}
      disabled={disabled}
    >
      <Base.Trigger
        {...field}
        aria-label={label}
        aria-labelledby={label ? undefined : labelId}
        className={selectLook(size, className)}
      >
        <SelectValue options={options} value={value} placeholder={placeholder} />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner
          align="start"
          sideOffset={4}
          collisionPadding={8}
          alignItemWithTrigger={false}
          className="z-10 outline-none"
        >
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
