import { useEffect, useLayoutEffect, useRef } from "react";
import { createPortal } from "react-dom";
import { Kbd } from "./Kbd";
import { closeTip, placeBeside, type Tip, useTip } from "./tip";

/** Draws the tooltip that is open, above everything. Stands once in the app. */
export function TooltipLayer() {
  const tip = useTip((state) => state.tip);
  return tip && createPortal(<Popup tip={tip} />, document.body);
}

function Popup({ tip }: { tip: Tip }) {
  const popup = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = popup.current;
    if (!element) return;
    const view = { width: window.innerWidth, height: window.innerHeight };
    const size = { width: element.offsetWidth, height: element.offsetHeight };
    const { left, top } = placeBeside(tip.anchor.getBoundingClientRect(), size, tip.side, view);
    element.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
  }, [tip]);
  useGoingAway(tip);
  return (
    <div
      ref={popup}
      role="tooltip"
      className="pointer-events-none fixed left-0 top-0 z-30 flex w-max max-w-72 items-center gap-2 rounded-md bg-ink px-2 py-1 text-xs text-paper shadow-float"
    >
      {tip.text}
      {tip.shortcut && (
        <Kbd keys={tip.shortcut} className="[&>span]:border-transparent [&>span]:bg-ink-soft [&>span]:text-paper" />
      )}
    </div>
  );
}

/** It closes with Escape, when the page scrolls, and when its control is gone. */
function useGoingAway({ anchor }: Tip) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && closeTip();
    const onScroll = () => closeTip();
    const timer = setInterval(() => anchor.isConnected || closeTip(), 250);
    window.addEventListener("keydown", onKey);
    window.addEventListener("scroll", onScroll, { capture: true, passive: true });
    return () => {
      clearInterval(timer);
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("scroll", onScroll, { capture: true });
    };
  }, [anchor]);
}
