import type { ReactNode } from "react";
import { Badge } from "@/ui/Badge";
import { KindIcon } from "@/ui/KindIcon";

interface CardProps {
  kind: string;
  title: string;
  /** Starts runs now; `paused`: it was paused by itself. */
  isOn: boolean;
  isPaused: boolean;
  facts?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of one trigger: what it is, whether it is on, and what can be done with it. */
export function Card({ kind, title, isOn, isPaused, facts, actions, children }: CardProps) {
  return (
    <section className="rounded-lg border border-line bg-paper">
      <header className="flex items-start gap-3 border-b border-line px-4 py-3">
        <KindIcon kind={kind} group="trigger" framed className="mt-0.5" />
        <div className="flex min-w-0 grow flex-wrap items-start gap-x-3 gap-y-2">
          <div className="min-w-0 flex-1 basis-56">
            <h2 className="flex min-h-8 flex-wrap items-center gap-x-2 text-base font-semibold">
              {title}
              {isOn ? <Badge tone="good">On</Badge> : <Badge tone="warn">{isPaused ? "Paused" : "Off"}</Badge>}
            </h2>
            {facts && <p className="text-sm text-ink-soft">{facts}</p>}
          </div>
          {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
      </header>
      <div className="flex flex-col gap-4 px-4 py-4">{children}</div>
    </section>
  );
}

/** A heading within a card. */
export function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <div>
      <div className="mb-1.5 flex min-h-8 items-center justify-between gap-2">
        <h3 className="text-sm font-medium">{title}</h3>
        {aside}
      </div>
      {children}
    </div>
  );
}
