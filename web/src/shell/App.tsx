import type { ReactNode } from "react";

/** Everything around the screens. */
export function App({ children }: { children: ReactNode }) {
  return children;
}
