/** Which tooltip is open. At most one is; moving from one control to the next shows the next one at once. */
import type { ReactNode } from "react";
import { create } from "zustand";

export type Side = "top" | "bottom" | "left" | "right";

export interface Tip {
  text: ReactNode;
  shortcut?: string;
  side: Side;
  /** The control it belongs to. */
  anchor: Element;
}

const PAUSE_MS = 450;
/** After one was open, the next opens at once for so long. */
const WARM_MS = 300;

export const useTip = create<{ tip: Tip | null }>(() => ({ tip: null }));

let timer: ReturnType<typeof setTimeout> | undefined;
let closedAt = -Infinity;

export function openTip(tip: Tip, atOnce: boolean): void {
  clearTimeout(timer);
  const isWarm = performance.now() - closedAt < WARM_MS;
  if (atOnce || isWarm) useTip.setState({ tip });
  else timer = setTimeout(() => useTip.setState({ tip }), PAUSE_MS);
}

/** Closes the tooltip of a control; without one, whichever is open. */
export function closeTip(anchor?: Element): void {
  clearTimeout(timer);
  const { tip } = useTip.getState();
  if (!tip || (anchor && tip.anchor !== anchor)) return;
  closedAt = performance.now();
  useTip.setState({ tip: null });
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const GAP = 6;
const MARGIN = 8;

/** Where a box of `size` stands beside `anchor`: on `side`, on the other one where there is no room, never outside. */
export function placeBeside(
  anchor: Box,
  size: Pick<Box, "width" | "height">,
  side: Side,
  view: Pick<Box, "width" | "height">,
) {
  const centre = {
    left: anchor.left + (anchor.width - size.width) / 2,
    top: anchor.top + (anchor.height - size.height) / 2,
  };
  const spots: Record<Side, { left: number; top: number }> = {
    top: { ...centre, top: anchor.top - size.height - GAP },
    bottom: { ...centre, top: anchor.top + anchor.height + GAP },
    left: { ...centre, left: anchor.left - size.width - GAP },
    right: { ...centre, left: anchor.left + anchor.width + GAP },
  };
  const fits = ({ left, top }: { left: number; top: number }) =>
    left >= 0 && top >= 0 && left + size.width <= view.width && top + size.height <= view.height;
  const upright = side === "top" || side === "bottom";
  const other: Side = upright ? (side === "top" ? "bottom" : "top") : side === "left" ? "right" : "left";
  const along = (spot: { left: number; top: number }) => ({
    left: Math.max(MARGIN, Math.min(spot.left, view.width - size.width - MARGIN)),
    top: Math.max(MARGIN, Math.min(spot.top, view.height - size.height - MARGIN)),
  });
  const clamped = upright
    ? (spot: { left: number; top: number }) => ({ ...along(spot), top: spot.top })
    : (spot: { left: number; top: number }) => ({ ...along(spot), left: spot.left });
  const chosen = [spots[side], spots[other]].map(clamped).find(fits);
  return chosen ?? along(spots[side]);
}
