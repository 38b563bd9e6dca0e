/** What differs by browser. All of it is unknown while the page is exported, so the first render takes the plain answer. */
import { useSyncExternalStore } from "react";

const never = () => () => undefined;

/** Whether the person's keyboard is Apple's. */
export function useIsApple(): boolean {
  return useSyncExternalStore(
    never,
    () => /Mac|iPhone|iPad/.test(navigator.platform),
    () => false,
  );
}

/** False in the export and in the first render after it, true from then on. */
export function useIsMounted(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}

/** Whether the window is as narrow as a phone's: under 640 px, where Tailwind's `sm:` begins. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(
    watchWidth,
    () => narrow().matches,
    () => false,
  );
}

function narrow(): MediaQueryList {
  return window.matchMedia("(width < 40rem)");
}

function watchWidth(listener: () => void): () => void {
  const query = narrow();
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
