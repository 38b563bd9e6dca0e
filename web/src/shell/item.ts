import { cx } from "@/ui/cx";

/** A line of the sidebar. */
export const ITEM = cx(
  "flex min-h-9 items-center gap-2.5 rounded-md px-2.5 text-sm text-ink-soft max-lg:w-9 max-lg:justify-center max-lg:px-0",
  "transition-colors duration-(--duration-quick) hover:bg-hover hover:text-ink",
);
