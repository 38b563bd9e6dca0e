import { CircleAlert, CircleCheck, Info, type LucideIcon, TriangleAlert, X } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";
import { IconButton } from "./IconButton";
import type { Tone } from "./status";

const LOOKS: Record<Tone, { icon: LucideIcon; look: string; mark: string }> = {
  good: { icon: CircleCheck, look: "bg-good-soft", mark: "text-good" },
  bad: { icon: CircleAlert, look: "bg-bad-soft", mark: "text-bad" },
  warn: { icon: TriangleAlert, look: "bg-warn-soft", mark: "text-warn" },
  live: { icon: Info, look: "bg-live-soft", mark: "text-live" },
  idle: { icon: Info, look: "bg-sunken", mark: "text-ink-soft" },
};

/** Tells something about what is below it. `bar`: across the whole width, without corners. */
export function Banner({
  tone = "idle",
  title,
  action,
  onDismiss,
  bar,
  className,
  children,
}: {
  tone?: Tone;
  title: ReactNode;
  /** What can be done about it: a Button of size sm. */
  action?: ReactNode;
  onDismiss?: () => void;
  bar?: boolean;
  className?: string;
  children?: ReactNode;
}) {
  const { icon: Icon, look, mark } = LOOKS[tone];
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className={cx(
        "flex flex-wrap items-center gap-x-3 gap-y-2 px-3 text-sm",
        bar ? "min-h-10 border-b border-line py-1" : "rounded-md py-2.5",
        look,
        className,
      )}
    >
      <div className="flex min-w-0 flex-1 basis-48 gap-3 py-0.5">
        <Icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", mark)} />
        <div className="min-w-0">
          <p className="font-medium">{title}</p>
          {children && <div className="text-ink-soft">{children}</div>}
        </div>
      </div>
      {action && (
        <div className={cx("flex items-center gap-2", !bar && "max-sm:order-last max-sm:basis-full max-sm:pl-7")}>
          {action}
        </div>
      )}
      {onDismiss && <IconButton label="Dismiss" icon={X} onClick={onDismiss} className="-my-1 self-start" />}
    </div>
  );
}
