import { type RefObject, useEffect, useRef } from "react";

/** Puts the focus into a control when it appears. `autoFocus` does not do so on a page that was exported. */
export function useFocusOnMount<T extends HTMLElement>(wanted = true): RefObject<T | null> {
  const control = useRef<T>(null);
  useEffect(() => {
    if (wanted) control.current?.focus();
  }, [wanted]);
  return control;
}
