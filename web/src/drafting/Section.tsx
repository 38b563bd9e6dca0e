import type { ReactNode } from "react";

/** One part of what is said about a draft. */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-2.5">
      <header className="flex items-baseline justify-between gap-2">
        <h2 className="text-sm font-semibold">{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** A remark that leads to the step it is about. */
export function StepLink({
  step,
  onStep,
  children,
}: {
  step: string | null | undefined;
  onStep: (step: string) => void;
  children: ReactNode;
}) {
  if (!step) return <span>{children}</span>;
  return (
    <button
      type="button"
      onClick={() => onStep(step)}
      className="rounded-sm text-left underline decoration-line-strong underline-offset-3 hover:decoration-accent"
    >
      {children}
    </button>
  );
}
