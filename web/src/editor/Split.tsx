import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { cx } from "@/ui/cx";

const LEAST = 20;
const MOST = 80;
const STEP = 4;
const KEY = "plainwork.editor.split";

/** Two views beside each other. The line between them is moved with the pointer, or with the arrow keys. */
export function Split({
  left,
  right,
  shows,
}: {
  left: ReactNode;
  right: ReactNode;
  shows: "text" | "both" | "canvas";
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(kept);
  const move = (next: number) => {
    const bounded = Math.min(MOST, Math.max(LEAST, next));
    setShare(bounded);
    keep(bounded);
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (!frame.current || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const box = frame.current.getBoundingClientRect();
    move(((event.clientX - box.left) / box.width) * 100);
  };
  const keyed = (event: KeyboardEvent) => {
    const next = { ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: LEAST, End: MOST }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    move(next);
  };
  const both = shows === "both";
  return (
    <div ref={frame} className="flex h-full min-h-0 min-w-0">
      <div
        className={cx("min-w-0", shows === "canvas" && "hidden", shows === "text" && "grow")}
        style={both ? { flexBasis: `${share}%` } : undefined}
      >
        {left}
      </div>
      {both && (
        <div
          role="separator"
          tabIndex={0}
          aria-orientation="vertical"
          aria-label="Width of the text"
          aria-valuenow={Math.round(share)}
          aria-valuemin={LEAST}
          aria-valuemax={MOST}
          onKeyDown={keyed}
          onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
          onPointerMove={drag}
          onDoubleClick={() => move(50)}
          className="group relative z-1 w-px shrink-0 cursor-col-resize touch-none bg-line focus-visible:outline-none"
        >
          <span className="absolute inset-y-0 -left-1 w-2.25 transition-colors group-hover:bg-accent/20 group-focus-visible:bg-accent group-active:bg-accent/40" />
        </div>
      )}
      <div className={cx("min-w-0", shows === "text" ? "hidden" : "grow basis-0")}>{right}</div>
    </div>
  );
}

function kept(): number {
  try {
    const share = Number(localStorage.getItem(KEY));
    return share >= LEAST && share <= MOST ? share : 45;
  } catch {
    return 45;
  }
}

function keep(share: number): void {
  try {
    localStorage.setItem(KEY, String(Math.round(share)));
  } catch {
    // A browser that keeps nothing shows the line in the middle the next time.
  }
}
