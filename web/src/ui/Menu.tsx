import type { LucideIcon } from "lucide-react";
import { cloneElement, type ReactElement, type SyntheticEvent, useState } from "react";
import { toast } from "./toast";

export interface MenuItem {
  label: string;
  hint?: string;
  icon?: LucideIcon;
  shortcut?: string;
  danger?: boolean;
  disabled?: boolean;
  /** One of a choice: whether it is the chosen one. */
  checked?: boolean;
  onSelect?: () => void;
  /** Goes there instead. */
  href?: string;
}

/** A line between items, or a heading above some. */
export type MenuEntry = MenuItem | "line" | { heading: string };

export interface MenuProps {
  /** The button that opens it; it has to pass props on. */
  trigger: ReactElement;
  items: readonly MenuEntry[];
  side?: "top" | "bottom" | "left" | "right";
  align?: "start" | "center" | "end";
  className?: string;
}

const load = () => import("./MenuPopup").then((part) => part.default);

type Handlers = Partial<Record<"onPointerEnter" | "onFocus" | "onClick", (event: SyntheticEvent) => void>>;

/** A list of actions that opens from a button. Until it is first opened it is that button and nothing else, so that pages
 *  full of menus cost little; its code is fetched when the pointer or the focus comes near. */
export function Menu(props: MenuProps) {
  const [Popup, setPopup] = useState<Awaited<ReturnType<typeof load>> | null>(null);
  if (Popup) return <Popup {...props} />;
  const fetch = () => void load();
  return cloneElement(props.trigger as ReactElement<Handlers & { "aria-haspopup": "menu"; "aria-expanded": boolean }>, {
    "aria-haspopup": "menu",
    "aria-expanded": false,
    onPointerEnter: fetch,
    onFocus: fetch,
    onClick: () => void load().then((loaded) => setPopup(() => loaded), toast.problem),
  });
}
