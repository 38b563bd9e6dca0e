import type { ReactNode } from "react";
import { cx } from "./cx";

/** A part of a page: its heading, what it is for, what can be done there, and its content. */
export function Block({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <section className="flex flex-col gap-3">
      <header className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-lg font-semibold">{title}</h2>
          {lead && <div className="mt-0.5 max-w-160 text-sm text-ink-soft text-pretty">{lead}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** Rows under one another in a frame. */
export function Rows({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <ul aria-label={label} className={cx("divide-y divide-line rounded-lg border border-line bg-paper", className)}>
      {children}
    </ul>
  );
}

/** One of them: what it is, facts about it, and what can be done with it. */
export function RowOf({
  icon,
  title,
  facts,
  actions,
}: {
  icon?: ReactNode;
  title: ReactNode;
  facts?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <li className="flex items-start gap-4 px-4 py-3 sm:items-center">
      {icon && <span className="flex min-h-6 shrink-0 items-center">{icon}</span>}
      <div className="flex min-w-0 grow flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-56">
          <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 font-medium">{title}</div>
          {facts && <div className="mt-0.5 text-sm text-ink-soft wrap-anywhere">{facts}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
    </li>
  );
}
