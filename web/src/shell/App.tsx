import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { queryClient } from "@/client/queries";
import { usePlace } from "@/navigation";
import { isPublic, SessionGate } from "@/session";
import { Toaster } from "@/ui/toast";
import { TooltipLayer } from "@/ui/TooltipLayer";
import { Shell, ShellWaiting } from "./Shell";

/** Everything around the screens. */
export function App({ children }: { children: ReactNode }) {
  const { path } = usePlace();
  return (
    <QueryClientProvider client={queryClient}>
      {isPublic(path) ? (
        children
      ) : (
        <SessionGate waiting={<ShellWaiting />}>
          <Shell>{children}</Shell>
        </SessionGate>
      )}
      <Toaster />
      <TooltipLayer />
    </QueryClientProvider>
  );
}
