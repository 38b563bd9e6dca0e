import { Tabs as Base } from "@base-ui/react/tabs";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";

export interface Tab<V extends string> {
  value: V;
  label: string;
  icon?: LucideIcon;
  /** A count or mark after the label. */
  mark?: ReactNode;
  panel: ReactNode;
}

/** Panels of which one is in sight. With `keepMounted` the others stay in the page, hidden, with what was typed in them. */
export function Tabs<V extends string>({
  label,
  tabs,
  value,
  onChange,
  keepMounted,
  flush,
  className,
  panelClassName,
}: {
  label: string;
  tabs: readonly Tab<V>[];
  value: V;
  onChange: (value: V) => void;
  keepMounted?: boolean;
  /** The first one begins where the content below does. */
  flush?: boolean;
  className?: string;
  panelClassName?: string;
}) {
  return (
    <Base.Root
      value={value}
      onValueChange={(chosen) => onChange(chosen as V)}
      className={cx("flex min-h-0 flex-col", className)}
    >
      <Base.List
        aria-label={label}
        className={cx("flex shrink-0 gap-1 overflow-x-auto border-b border-line", !flush && "px-2")}
      >
        {tabs.map(({ value: own, label: text, icon: Icon, mark }) => (
          <Base.Tab
            key={own}
            value={own}
            className={cx(
              "-mb-px flex min-h-9 shrink-0 items-center gap-1.5 border-b-2 border-transparent px-2.5 text-sm text-ink-soft max-sm:min-h-11",
              "-outline-offset-2! hover:text-ink data-active:border-accent data-active:font-medium data-active:text-ink",
            )}
          >
            {Icon && <Icon aria-hidden className="size-4" />}
            {text}
            {mark}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map(({ value: own, panel }) => (
        <Base.Panel key={own} value={own} keepMounted={keepMounted} className={cx("min-h-0 grow", panelClassName)}>
          {panel}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
