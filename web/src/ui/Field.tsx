import { createContext, type ReactNode, useContext, useId } from "react";
import { cx } from "./cx";

interface FieldLinks {
  id: string;
  labelId: string;
  describedBy: string | undefined;
  invalid: boolean;
  required: boolean;
}

const Links = createContext<FieldLinks | null>(null);

/** What ties a control to the `Field` around it. Every input of the kit spreads this; other controls can do so as well. */
export function useFieldProps() {
  const links = useContext(Links);
  if (!links) return {};
  return {
    id: links.id,
    "aria-describedby": links.describedBy,
    "aria-invalid": links.invalid || undefined,
    "aria-required": links.required || undefined,
  };
}

/** The id of the label of the `Field` around, for controls that a `<label for>` cannot name. */
export function useFieldLabelId(): string | undefined {
  return useContext(Links)?.labelId;
}

/** A label with its control, a hint below and what is wrong with the value. */
export function Field({
  label,
  hint,
  error,
  required = false,
  optional = false,
  aside,
  className,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  /** Marked with a star. */
  required?: boolean;
  /** Says "optional" after the label. */
  optional?: boolean;
  /** Stands at the end of the label's line, such as a small button. */
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  const describedBy = cx(hint ? `${id}-hint` : null, error ? `${id}-error` : null) || undefined;
  return (
    <div className={cx("flex min-w-0 flex-col gap-1.5", className)}>
      <div className="flex items-end justify-between gap-2">
        <label id={`${id}-label`} htmlFor={id} className="text-sm font-medium text-ink">
          {label}
          {required && (
            <span aria-hidden className="text-bad">
              {" *"}
            </span>
          )}
          {optional && <span className="font-normal text-ink-faint"> optional</span>}
        </label>
        {aside}
      </div>
      <Links value={{ id, labelId: `${id}-label`, describedBy, invalid: Boolean(error), required }}>{children}</Links>
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-ink-faint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  );
}
