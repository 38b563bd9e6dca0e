import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";
import { Kbd } from "./Kbd";

export type Side = "top" | "bottom" | "left" | "right";

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
  /** The one element it belongs to; it has to take a ref and props. */
  children: ReactElement;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} collisionPadding={8}>
          <Base.Popup className="popup-motion flex max-w-72 items-center gap-2 rounded-md bg-ink px-2 py-1 text-xs text-paper shadow-float">
            {text}
            {shortcut && (
              <Kbd keys={shortcut} className="[&>span]:border-transparent [&>span]:bg-ink-soft [&>span]:text-paper" />
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** Lets tooltips that lie side by side follow each other without a delay. Stands once around the app. */
export const TooltipProvider = Base.Provider;
