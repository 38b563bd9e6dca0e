import type { ReactNode } from "react";
import { Link } from "@/navigation";
import { formatMs } from "@/ui/duration";
import { formatUsd } from "@/ui/money";
import { formatCount, formatShare, shareOf } from "./change";
import type { Column } from "./SortedTable";

const NONE = <span className="text-ink-faint">–</span>;

/** A column of how many. */
export function countColumn<R>(id: string, title: string, count: (row: R) => number): Column<R> {
  return { id, title, value: count, show: (row) => formatCount(count(row)) };
}

/** How many of how many have failed; sorted by how many. `href` leads to them. */
export function failedColumn<R extends { failed: number }>(
  whole: (row: R) => number,
  href?: (row: R) => string,
): Column<R> {
  const words = (row: R) => {
    const share = shareOf(row.failed, whole(row));
    return (
      <>
        {formatCount(row.failed)} <span className="text-ink-faint">{share === null ? "" : formatShare(share)}</span>
      </>
    );
  };
  return {
    id: "failed",
    title: "Failed",
    value: ({ failed }) => failed,
    show: (row) => {
      if (row.failed === 0) return NONE;
      return href ? (
        <Link href={href(row)} className="text-link inline! text-bad">
          {words(row)}
        </Link>
      ) : (
        <span className="text-bad">{words(row)}</span>
      );
    },
  };
}

/** How long half of them, and 95 of 100, took at most. */
export function tookColumns<R extends { p50_ms: number | null; p95_ms: number | null }>(): Column<R>[] {
  return [
    { id: "p50", title: "Half within", value: ({ p50_ms }) => p50_ms, show: ({ p50_ms }) => duration(p50_ms) },
    { id: "p95", title: "95 % within", value: ({ p95_ms }) => p95_ms, show: ({ p95_ms }) => duration(p95_ms) },
  ];
}

export function costColumn<R extends { cost_usd: number }>(): Column<R> {
  return {
    id: "cost",
    title: "Cost",
    value: ({ cost_usd }) => cost_usd,
    show: ({ cost_usd }) => (cost_usd > 0 ? formatUsd(cost_usd) : NONE),
  };
}

/** What a row is about, and where it leads. */
export function RowName({ href, children, after }: { href: string; children: ReactNode; after?: ReactNode }) {
  return (
    <>
      <Link href={href} className="text-link inline! font-medium">
        {children}
      </Link>
      {after && <span className="ml-1.5 text-ink-faint">{after}</span>}
    </>
  );
}

function duration(ms: number | null): ReactNode {
  return ms === null ? NONE : formatMs(ms);
}
