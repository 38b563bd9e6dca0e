import { ChevronsUpDown, type LucideIcon } from "lucide-react";
import { type ComponentType, type KeyboardEvent, useState } from "react";
import type { ControlSize } from "./Button";
import { cx } from "./cx";
import { useFieldLabelId, useFieldProps } from "./Field";
import { inputLook } from "./TextInput";
import { toast } from "./toast";

export interface SelectOption<V extends string> {
  value: V;
  label: string;
  hint?: string;
  icon?: LucideIcon;
  disabled?: boolean;
}

export interface SelectProps<V extends string> {
  options: readonly SelectOption<V>[];
  value: V | null;
  onChange: (value: V) => void;
  placeholder?: string;
  label?: string;
  size?: ControlSize;
  disabled?: boolean;
  className?: string;
}

const load = () => import("./SelectPopup").then((part) => part.default);

/** One of a few values. Inside a `Field` the field's label names it, elsewhere `label` does. Until it is first opened it is
 *  a button and nothing else; the code of its list is fetched when the pointer or the focus comes near. */
export function Select<V extends string>(props: SelectProps<V>) {
  const [Popup, setPopup] = useState<ComponentType<SelectProps<V>> | null>(null);
  const field = useFieldProps();
  const labelId = useFieldLabelId();
  if (Popup) return <Popup {...props} />;
  const { label, size, disabled, className } = props;
  const fetch = () => void load();
  const open = () => void load().then((loaded) => setPopup(() => loaded), toast.problem);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open();
  };
  return (
    <button
      type="button"
      role="combobox"
      aria-haspopup="listbox"
      aria-expanded={false}
      {...field}
      aria-label={label}
      aria-labelledby={label ? undefined : labelId}
      disabled={disabled}
      onPointerEnter={fetch}
      onFocus={fetch}
      onClick={open}
      onKeyDown={onKeyDown}
      className={selectLook(size, className)}
    >
      <SelectValue {...props} />
    </button>
  );
}

/** How it looks while it is closed. */
export function selectLook(size: ControlSize = "md", className?: string): string {
  return cx(
    inputLook,
    "flex items-center justify-between gap-2 pl-3 pr-2 text-left disabled:opacity-55",
    size === "sm" ? "control-sm" : "control-md",
    className,
  );
}

/** What is chosen, and the mark that there is more to choose from. */
export function SelectValue<V extends string>({
  options,
  value,
  placeholder = "Choose",
}: Pick<SelectProps<V>, "options" | "value" | "placeholder">) {
  const chosen = options.find((option) => option.value === value);
  return (
    <>
      <span className={cx("truncate", !chosen && "text-ink-faint")}>{chosen?.label ?? placeholder}</span>
      <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
    </>
  );
}
