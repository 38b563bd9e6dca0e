import type { ReactNode } from "react";
import { Logo } from "@/shell/Logo";
import { Picture } from "./Picture";

/** The frame of the pages before the app: the form, and beside it where there is room, what Plainwork is about. */
export function Doorstep({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh bg-paper lg:grid-cols-[minmax(28rem,5fr)_7fr]">
      <main className="flex flex-col px-6 py-6 sm:px-10">
        <Logo className="mb-10" />
        <div className="mx-auto flex w-full max-w-90 grow flex-col justify-center pb-[8vh]">
          <h1 className="text-2xl font-semibold tracking-tight text-balance">{title}</h1>
          {lead && <p className="mt-1.5 text-ink-soft">{lead}</p>}
          <div className="mt-7">{children}</div>
        </div>
      </main>
      <aside className="flex items-center justify-center border-l border-line bg-desk p-10 max-lg:hidden">
        <Picture />
      </aside>
    </div>
  );
}
