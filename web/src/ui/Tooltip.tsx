/**
 * Tooltips without a library: they are on every page, and what they do is small. One layer draws the one tooltip that is
 * open; the controls only say when.
 */
import { cloneElement, type FocusEvent, type PointerEvent, type ReactElement, type ReactNode } from "react";
import { closeTip, openTip, type Side } from "./tip";

export type { Side } from "./tip";

type Handlers = Partial<Record<"onPointerEnter" | "onPointerLeave" | "onPointerDown", (event: PointerEvent) => void>> &
  Partial<Record<"onFocus" | "onBlur", (event: FocusEvent) => void>>;

/** Words that appear beside a control on hover and focus. Never the only place where something is said. */
export function Tooltip({
  text,
  shortcut,
  side = "top",
  children,
}: {
  text: ReactNode;
  shortcut?: string;
  side?: Side;
  /** The one element it belongs to; it has to pass handlers on. */
  children: ReactElement<Handlers>;
}) {
  const own = children.props;
  const open = (anchor: EventTarget & Element, atOnce: boolean) => openTip({ text, shortcut, side, anchor }, atOnce);
  return cloneElement(children, {
    onPointerEnter(event) {
      own.onPointerEnter?.(event);
      if (event.pointerType !== "touch") open(event.currentTarget, false);
    },
    onPointerLeave(event) {
      own.onPointerLeave?.(event);
      closeTip(event.currentTarget);
    },
    onPointerDown(event) {
      own.onPointerDown?.(event);
      closeTip(event.currentTarget);
    },
    onFocus(event) {
      own.onFocus?.(event);
      if (event.currentTarget.matches(":focus-visible")) open(event.currentTarget, true);
    },
    onBlur(event) {
      own.onBlur?.(event);
      closeTip(event.currentTarget);
    },
  });
}
