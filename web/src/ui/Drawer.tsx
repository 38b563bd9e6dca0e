import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";
import { IconButton } from "./IconButton";

/** A panel over the right edge of the page; on a phone it covers it. Not modal by default: the page stays in use. */
export function Drawer({
  open,
  onClose,
  title,
  actions,
  modal = false,
  className,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  /** Stand in the head, before the button that closes it. */
  actions?: ReactNode;
  modal?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <Base.Root open={open} modal={modal} disablePointerDismissal={!modal} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        {modal && <Base.Backdrop className="scrim" />}
        <Base.Popup
          className={cx(
            "drawer-motion fixed inset-y-0 right-0 z-10 flex w-full flex-col border-l border-line bg-raised shadow-float outline-none sm:w-112",
            className,
          )}
        >
          <header className="flex min-h-(--bar-height) shrink-0 items-center gap-2 border-b border-line pl-4 pr-2">
            <Base.Title className="min-w-0 grow truncate text-base font-semibold">{title}</Base.Title>
            {actions}
            <IconButton label="Close" icon={X} onClick={onClose} />
          </header>
          <div className="min-h-0 grow overflow-y-auto">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
