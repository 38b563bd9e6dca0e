import type { ReactNode } from "react";
import { PageTitle } from "@/navigation";
import { BottomBar } from "./BottomBar";
import { CommandPalette } from "./CommandPalette";
import { ConnectionBanner } from "./ConnectionBanner";
import { ScreenBoundary } from "./ScreenBoundary";
import { Sidebar } from "./Sidebar";

/** What stands around every screen of those who are signed in. The screen fills the rest and scrolls by itself. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="flex h-dvh flex-col sm:flex-row">
      <a
        href="#screen"
        className="popup sr-only z-20 rounded-md px-3 py-2 text-sm focus:not-sr-only focus:fixed! focus:left-2 focus:top-2"
      >
        Skip to the screen
      </a>
      <Sidebar />
      <div className="flex min-h-0 min-w-0 grow flex-col">
        <ConnectionBanner />
        <div id="screen" tabIndex={-1} className="min-h-0 grow outline-none">
          <ScreenBoundary>{children}</ScreenBoundary>
        </div>
      </div>
      <BottomBar />
      <CommandPalette />
    </div>
  );
}

/** Where the shell will be, while it is not known who is signed in. */
export function ShellWaiting() {
  return (
    <div className="flex h-dvh" aria-busy>
      <div className="w-(--sidebar-width) border-r border-line bg-paper max-lg:w-15 max-sm:hidden" />
      <main className="grow">
        <PageTitle>Loading</PageTitle>
        <p className="sr-only">Loading Plainwork</p>
      </main>
    </div>
  );
}
