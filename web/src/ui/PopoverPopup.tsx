import { Popover as Base } from "@base-ui/react/popover";
import { cx } from "./cx";
import type { PopoverProps } from "./Popover";

/** The button with its window: loaded when it is first wanted. */
export default function PopoverPopup(props: PopoverProps) {
  const { trigger, title, label, open, onOpenChange, side = "bottom", align = "start", className, children } = props;
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
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
