import { useSyncExternalStore } from "react";

/** Whether the window is narrower than `below` (CSS pixels); false on the first pass, which has no window. */
export function useIsNarrowerThan(below: number): boolean {
  const query = `(width < ${below}px)`;
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
    () => false,
  );
}
