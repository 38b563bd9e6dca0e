import type { ComponentProps } from "react";
import { cx } from "./cx";
import { useFieldProps } from "./Field";
import { inputLook } from "./TextInput";

export type TextAreaProps = ComponentProps<"textarea"> & {
  mono?: boolean;
  /** Grows with its text, up to two thirds of the window. */
  grows?: boolean;
};

/** Several lines of text. */
export function TextArea({ mono, grows, className, ...rest }: TextAreaProps) {
  return (
    <textarea
      rows={3}
      {...useFieldProps()}
      {...rest}
      className={cx(
        inputLook,
        "px-3 py-2 leading-5",
        mono && "font-mono",
        grows ? "field-sizing-content max-h-[66vh] resize-none" : "resize-y",
        className,
      )}
    />
  );
}
