import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import { Link } from "@/navigation";
import { cx } from "./cx";
import { Kbd } from "./Kbd";
import type { MenuEntry, MenuItem, MenuProps } from "./Menu";

/** The menu with its popup, open from the start: it is loaded and drawn when it is first wanted. */
export default function MenuPopup({ trigger, items, side = "bottom", align = "end", className }: MenuProps) {
  return (
    <Base.Root defaultOpen>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={4} collisionPadding={8} className="z-10 outline-none">
          <Base.Popup
            className={cx("popup popup-motion max-h-(--available-height) min-w-48 overflow-y-auto p-1", className)}
          >
            {items.map((entry, i) => (
              <Entry key={i} entry={entry} />
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  if (entry === "line") return <Base.Separator className="mx-2 my-1 h-px bg-line" />;
  if ("heading" in entry) return <div className="px-2.5 pb-1 pt-2 text-xs text-ink-faint">{entry.heading}</div>;
  const look = cx("popup-item", entry.danger && "text-bad! data-highlighted:bg-bad-soft!");
  const content = <Content {...entry} />;
  if (entry.href)
    return (
      <Base.LinkItem render={<Link href={entry.href} />} className={look} closeOnClick>
        {content}
      </Base.LinkItem>
    );
  return (
    <Base.Item onClick={entry.onSelect} disabled={entry.disabled} className={look}>
      {content}
    </Base.Item>
  );
}

function Content({ icon: Icon, label, hint, shortcut, danger, checked }: MenuItem) {
  return (
    <>
      {Icon && <Icon aria-hidden className={cx("size-4 shrink-0", danger ? "text-bad" : "text-ink-faint")} />}
      <span className="flex min-w-0 grow flex-col">
        <span className="truncate">{label}</span>
        {hint && <span className="truncate text-xs text-ink-faint">{hint}</span>}
      </span>
      {checked && (
        <>
          <Check aria-hidden className="size-4 shrink-0 text-accent" />
          <span className="sr-only">chosen</span>
        </>
      )}
      {shortcut && <Kbd keys={shortcut} className="max-sm:hidden" />}
    </>
  );
}
