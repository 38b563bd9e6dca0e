import type { LucideIcon } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Link } from "@/navigation";
import { cx } from "./cx";
import { Kbd } from "./Kbd";
import { Spinner } from "./Spinner";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger";
export type ControlSize = "sm" | "md";

interface Look {
  /** `primary` once per view at most; `secondary` for the rest; `ghost` within bars; `danger` for what cannot be undone. */
  variant?: ButtonVariant;
  size?: ControlSize;
  icon?: LucideIcon;
  /** Shown after the words, such as `Mod+Enter`. Listening for it is up to the screen. */
  shortcut?: string;
  children?: ReactNode;
}

export type ButtonProps = Look &
  ComponentProps<"button"> & {
    /** Its action is under way: it keeps the focus, shows a spinner and cannot be pressed again. */
    busy?: boolean;
  };

const VARIANTS: Record<ButtonVariant, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong border-transparent",
  secondary: "bg-raised text-ink border-line-strong hover:bg-hover",
  ghost: "border-transparent text-ink-soft hover:bg-hover hover:text-ink",
  danger: "bg-bad-soft text-bad border-transparent hover:border-bad",
};

/** The classes of a button, for what looks like one and is something else. */
export function buttonLook(variant: ButtonVariant = "secondary", size: ControlSize = "md"): string {
  return cx(
    "inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md border text-sm font-medium",
    "transition-colors duration-(--duration-quick)",
    "disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed",
    size === "sm" ? "control-sm px-2.5" : "control-md px-3.5",
    VARIANTS[variant],
  );
}

/** Does something. To go somewhere, use `LinkButton`. */
export function Button({ variant, size, icon, shortcut, busy, className, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      aria-busy={busy || undefined}
      aria-disabled={busy || rest["aria-disabled"]}
      className={cx(buttonLook(variant, size), className)}
    >
      <Content icon={icon} busy={busy} shortcut={shortcut}>
        {children}
      </Content>
    </button>
  );
}

/** A link that looks like a button. */
export function LinkButton({
  variant,
  size,
  icon,
  shortcut,
  className,
  children,
  ...rest
}: Look & ComponentProps<typeof Link>) {
  return (
    <Link {...rest} className={cx(buttonLook(variant, size), className)}>
      <Content icon={icon} shortcut={shortcut}>
        {children}
      </Content>
    </Link>
  );
}

function Content({ icon: Icon, busy, shortcut, children }: Look & { busy?: boolean }) {
  return (
    <>
      {busy ? <Spinner /> : Icon && <Icon aria-hidden className="size-4" />}
      {children}
      {shortcut && (
        <Kbd
          keys={shortcut}
          className="-mr-1 text-current! opacity-75 max-sm:hidden [&>span]:border-current/40 [&>span]:bg-transparent"
        />
      )}
    </>
  );
}
