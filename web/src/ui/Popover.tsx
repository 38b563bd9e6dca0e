import { Popover as Base } from "@base-ui/react/popover";
import type { ReactElement, ReactNode } from "react";
import { cx } from "./cx";
import type { Side } from "./Tooltip";

/** A small window beside the button that opens it; a click elsewhere or Escape closes it. */
export function Popover({
  trigger,
  title,
  label,
  open,
  onOpenChange,
  side = "bottom",
  align = "start",
  className,
  children,
}: {
  trigger: ReactElement;
  title?: ReactNode;
  /** Its name where no title is shown. */
  label?: string;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  side?: Side;
  align?: "start" | "center" | "end";
  className?: string;
  children: ReactNode;
}) {
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange?.(next)}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={6} collisionPadding={8} className="z-10">
          <Base.Popup
            aria-label={label}
            className={cx(
              "popup popup-motion max-h-(--available-height) max-w-[calc(100vw-1rem)] overflow-y-auto p-3",
              className,
            )}
          >
            {title && <Base.Title className="mb-2 text-sm font-semibold">{title}</Base.Title>}
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
