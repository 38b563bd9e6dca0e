import type { ReactNode } from "react";
import { PageTitle } from "@/navigation";
import { cx } from "@/ui/cx";

/** A screen that is a page: a title, its actions, and content of a readable width that scrolls. */
export function Page({
  title,
  actions,
  wide,
  children,
}: {
  title: string;
  actions?: ReactNode;
  /** For tables. */
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <main className="h-full overflow-y-auto">
      <PageTitle>{title}</PageTitle>
      <div
        className={cx("mx-auto flex flex-col gap-5 px-4 pb-16 pt-5 sm:px-8 sm:pt-9", wide ? "max-w-320" : "max-w-200")}
      >
        <header className="flex min-h-9 flex-wrap items-center justify-between gap-3">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {actions && <div className="flex items-center gap-2">{actions}</div>}
        </header>
        {children}
      </div>
    </main>
  );
}
