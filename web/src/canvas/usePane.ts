import { type RefObject, useEffect, useState } from "react";
import type { Direction } from "./layout/layout";
import type { Size } from "./layout/sizes";
import { directionIn } from "./view";

/** How a graph is read in a pane of this size. */
export function useDirection(pane: Size | null): Direction {
  const [direction, setDirection] = useState<Direction | null>(null);
  const wanted = pane === null ? direction : directionIn(pane.width, direction);
  if (wanted !== direction) setDirection(wanted);
  return wanted ?? "down";
}

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
