import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useRef } from "react";
import { cx } from "./cx";
import type { DialogProps } from "./Dialog";
import { IconButton } from "./IconButton";

const WIDTHS = { sm: "sm:max-w-105", md: "sm:max-w-140", lg: "sm:max-w-200", xl: "sm:max-w-280" };

/** The window of a Dialog. On a phone it comes up from the bottom. */
export default function DialogWindow(props: DialogProps) {
  const { open, onClose, title, description, footer, size = "md", dismissible = true, initialFocus, children } = props;
  const popup = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const actions = useRef<HTMLElement>(null);
  const firstControl = () => firstIn(content.current) ?? firstIn(actions.current) ?? popup.current;
  return (
    <Base.Root
      open={open}
      disablePointerDismissal={!dismissible}
      onOpenChange={(next, details) => {
        if (next) return;
        if (!dismissible) details.cancel();
        else onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="scrim" />
        <Base.Popup
          ref={popup}
          initialFocus={initialFocus ?? ((how) => how === "touch" || firstControl())}
          className={cx(
            "dialog-motion fixed z-10 flex max-h-[calc(100dvh-2rem)] flex-col border border-line bg-raised shadow-float outline-none",
            "inset-x-0 bottom-0 rounded-t-xl sm:inset-x-4 sm:bottom-auto sm:top-[max(1rem,10vh)] sm:mx-auto sm:max-h-[80vh] sm:rounded-lg",
            WIDTHS[size],
          )}
        >
          <header className="flex items-start gap-3 px-5 pb-2 pt-4">
            <div className="min-w-0 grow">
              <Base.Title className="text-lg font-semibold text-balance">{title}</Base.Title>
              {description && <Base.Description className="mt-1 text-sm text-ink-soft">{description}</Base.Description>}
            </div>
            {dismissible && (
              <IconButton label="Close" icon={X} onClick={onClose} className="-mr-2 -mt-1 max-sm:-mt-2.5" />
            )}
          </header>
          {children && (
            <div ref={content} className="min-h-0 grow overflow-y-auto px-5 py-2">
              {children}
            </div>
          )}
          {footer && (
            <footer ref={actions} className="flex flex-wrap justify-end gap-2 px-5 pb-5 pt-3 max-sm:*:grow">
              {footer}
            </footer>
          )}
          {!footer && <div className="h-3 shrink-0" />}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

const CONTROLS = "input:not(:disabled), textarea:not(:disabled), select:not(:disabled), button:not(:disabled), a[href]";

/** What the focus goes to when the window opens: its content comes before the button that closes it. On a touch screen
 *  nothing is chosen, so that no keyboard comes up. */
function firstIn(part: HTMLElement | null): HTMLElement | null {
  return part?.querySelector<HTMLElement>(CONTROLS) ?? null;
}
