import { cx } from "@/ui/cx";

/** The mark: a P of written lines, the first of which turns into a path and ends in a node. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={cx("size-7 shrink-0", className)}>
      <rect width="32" height="32" rx="8.5" fill="var(--color-accent)" />
      <g stroke="var(--color-on-accent)" strokeWidth="2.75" strokeLinecap="round">
        <path d="M8.75 7.75h8.5a5.75 5.75 0 0 1 0 11.5h-1.5M8.75 13.5h5.25M8.75 19.25v5" fill="none" />
        <circle cx="15" cy="19.25" r="2.7" fill="var(--color-on-accent)" stroke="none" />
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
