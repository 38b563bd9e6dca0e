import { cx } from "@/ui/cx";

/** The mark: a P whose stem is written and whose bowl is a path that ends in a node. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={cx("size-7 shrink-0", className)}>
      <rect width="32" height="32" rx="8.5" fill="var(--color-accent)" />
      <g fill="none" stroke="var(--color-on-accent)" strokeWidth="2.75" strokeLinecap="round" strokeLinejoin="round">
        <path d="M10 24.25V10.5a2.5 2.5 0 0 1 2.5-2.5h4.75a5.25 5.25 0 0 1 0 10.5" />
        <circle cx="15.25" cy="18.5" r="2" fill="var(--color-accent)" strokeWidth="2.25" />
      </g>
    </svg>
  );
}

/** Mark and name. `bare`: the mark alone, where there is no room; the name stays for screen readers. */
export function Logo({ bare, className }: { bare?: boolean; className?: string }) {
  return (
    <span className={cx("inline-flex items-center gap-2.5", className)}>
      <LogoMark />
      <span className={cx("text-lg font-semibold tracking-tight", bare && "sr-only")}>Plainwork</span>
    </span>
  );
}
