import {
  cloneElement,
  type ComponentType,
  type HTMLAttributes,
  type ReactElement,
  type ReactNode,
  useState,
} from "react";
import { toast } from "./toast";
import type { Side } from "./Tooltip";

export interface PopoverProps {
  trigger: ReactElement<HTMLAttributes<HTMLElement>>;
  title?: ReactNode;
  /** Its name where no title is shown. */
  label?: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  side?: Side;
  align?: "start" | "center" | "end";
  className?: string;
  children: ReactNode;
}

const load = () => import("./PopoverPopup").then((part) => part.default);

/** A small window beside the button that opens it; a click elsewhere or Escape closes it. Until it is first opened there is
 *  the button and nothing else; the code of the window is fetched when the pointer or the focus comes near. */
export function Popover(props: PopoverProps) {
  const [Popup, setPopup] = useState<ComponentType<PopoverProps> | null>(null);
  if (Popup) return <Popup {...props} />;
  const fetch = () => void load().catch(() => undefined);
  const open = () => {
    void load().then((loaded) => {
      setPopup(() => loaded);
      props.onOpenChange(true);
    }, toast.problem);
  };
  return (
    <span className="contents" onPointerEnter={fetch} onFocus={fetch} onClick={open}>
      {cloneElement(props.trigger, { "aria-haspopup": "dialog", "aria-expanded": false })}
    </span>
  );
}
