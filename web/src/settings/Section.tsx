import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** A part of the settings that can be folded. Native, so that the browser's search finds what is inside. */
export function Section({
  title,
  note,
  open,
  children,
}: {
  title: string;
  note?: string;
  open?: boolean;
  children: ReactNode;
}) {
  return (
    <details open={open} className="group border-t border-line">
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-1.5 px-4 text-sm font-medium select-none [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="size-3.5 text-ink-faint transition-transform group-open:rotate-90" />
        {title}
        {note && <span className="truncate pl-1 font-normal text-ink-faint group-open:hidden">{note}</span>}
      </summary>
      <div className="flex flex-col gap-4 px-4 pt-1 pb-5">{children}</div>
    </details>
  );
}

/** Fields that are rarely needed, within a part. */
export function Fold({ title, note, children }: { title: string; note: string; children: ReactNode }) {
  return (
    <details className="group/fold">
      <summary className="control-sm flex cursor-pointer list-none items-center gap-1.5 text-sm text-ink-soft select-none hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="size-3.5 shrink-0 transition-transform group-open/fold:rotate-90" />
        <span className="shrink-0">{title}</span>
        <span className="truncate text-ink-faint group-open/fold:hidden">{note}</span>
      </summary>
      <div className="flex flex-col gap-4 pt-2">{children}</div>
    </details>
  );
}
