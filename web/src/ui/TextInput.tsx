import type { LucideIcon } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import type { ControlSize } from "./Button";
import { cx } from "./cx";
import { useFieldProps } from "./Field";

/** The look of everything that text is typed into. */
export const inputLook = cx(
  "w-full rounded-md border border-line-strong bg-raised text-sm text-ink placeholder:text-ink-faint",
  "transition-colors duration-(--duration-quick) hover:border-ink-faint",
  "focus:border-accent focus:outline-2 focus:-outline-offset-1 focus:outline-accent",
  "aria-invalid:border-bad aria-invalid:focus:outline-bad",
  "disabled:cursor-not-allowed disabled:bg-sunken disabled:text-ink-faint [&:is(input,textarea):read-only]:bg-sunken",
);

export type TextInputProps = Omit<ComponentProps<"input">, "size"> & {
  size?: ControlSize;
  icon?: LucideIcon;
  /** Stands inside at the end, such as an IconButton. */
  end?: ReactNode;
  /** For identifiers, addresses and expressions. */
  mono?: boolean;
};

/** One line of text. */
export function TextInput({ size = "md", icon: Icon, end, mono, className, ...rest }: TextInputProps) {
  const input = (
    <input
      type="text"
      {...useFieldProps()}
      {...rest}
      className={cx(
        inputLook,
        size === "sm" ? "control-sm" : "control-md",
        Icon ? "pl-8.5" : "pl-3",
        end ? "pr-10" : "pr-3",
        mono && "font-mono",
        !Icon && !end && className,
      )}
    />
  );
  if (!Icon && !end) return input;
  return (
    <div className={cx("relative flex items-center", className)}>
      {Icon && <Icon aria-hidden className="pointer-events-none absolute left-2.5 size-4 text-ink-faint" />}
      {input}
      {end && <div className="absolute right-1 flex items-center">{end}</div>}
    </div>
  );
}
