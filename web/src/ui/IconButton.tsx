import type { LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { buttonLook, type ButtonVariant, type ControlSize } from "./Button";
import { cx } from "./cx";
import { Spinner } from "./Spinner";
import { type Side, Tooltip } from "./Tooltip";

export type IconButtonProps = Omit<ComponentProps<"button">, "children"> & {
  /** What it does: its accessible name and its tooltip. */
  label: string;
  icon: LucideIcon;
  variant?: ButtonVariant;
  size?: ControlSize;
  /** Shown in the tooltip. */
  shortcut?: string;
  busy?: boolean;
  /** For a button that stays down: whether it is. */
  pressed?: boolean;
  side?: Side;
};

/** A button that shows an icon only; its label is always a hover away. */
export function IconButton(props: IconButtonProps) {
  const {
    label,
    icon: Icon,
    variant = "ghost",
    size = "sm",
    shortcut,
    busy,
    pressed,
    side,
    className,
    ...rest
  } = props;
  return (
    <Tooltip text={label} shortcut={shortcut} side={side}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        aria-busy={busy || undefined}
        {...rest}
        disabled={rest.disabled || busy}
        className={cx(
          buttonLook(variant, size),
          size === "sm" ? "square-sm" : "square-md",
          "px-0!",
          pressed && "bg-accent-soft! text-accent!",
          className,
        )}
      >
        {busy ? <Spinner /> : <Icon aria-hidden className="size-4" />}
      </button>
    </Tooltip>
  );
}
