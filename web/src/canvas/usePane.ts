import { type RefObject, useEffect, useState } from "react";
import type { Size } from "./layout/sizes";

/** The size of an element as it is now; null until it is known. */
export function usePane(element: RefObject<HTMLElement | null>): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    const pane = element.current;
    if (!pane) return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      if (width > 0 && height > 0) setSize({ width, height });
    });
    observer.observe(pane);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
