import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";

/** Nothing is here yet: what would be, and how it comes about. */
export function EmptyState({
  icon: Icon,
  title,
  action,
  level: Heading = "h2",
  className,
  children,
}: {
  icon?: LucideIcon;
  title: ReactNode;
  action?: ReactNode;
  /** `h1` where it is all of the screen. */
  level?: "h1" | "h2";
  className?: string;
  children?: ReactNode;
}) {
  return (
    <div className={cx("mx-auto flex max-w-110 flex-col items-center gap-2 px-4 py-14 text-center", className)}>
      {Icon && (
        <span className="mb-2 flex size-11 items-center justify-center rounded-full border border-line bg-raised text-ink-faint">
          <Icon aria-hidden className="size-5" />
        </span>
      )}
      <Heading className="text-lg font-semibold text-balance">{title}</Heading>
      {children && <div className="text-sm text-ink-soft text-balance">{children}</div>}
      {action && <div className="mt-3 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
