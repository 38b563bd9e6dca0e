import { ArrowDown, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "@/navigation";
import { hrefOf as runsHref } from "@/runs/filters";
import { cx } from "@/ui/cx";
import { formatMs } from "@/ui/duration";
import { formatUsd } from "@/ui/money";
import { type Change, changeOf, formatCount, formatShare, pointsOf, shareOf } from "./change";
import type { Filters } from "./period";
import type { CallSum, RunSum } from "./queries";

interface Totals {
  runs: RunSum | undefined;
  calls: CallSum | undefined;
}

/** What a time comes to at a glance, each figure with how it has changed against the time before. */
export function Tiles({ filters: { agents, period }, ...sums }: { filters: Filters; now: Totals; before: Totals }) {
  const now = atAGlance(sums.now);
  const before = atAGlance(sums.before);
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-5">
      <Tile
        title="Runs"
        href={runsHref({ agents, time: period })}
        change={changeOf(now.runs, before.runs)}
        value={formatCount(now.runs)}
      />
      <Tile
        title="Failed"
        href={runsHref({ agents, time: period, statuses: ["failed"] })}
        change={pointsOf(now.share, before.share)}
        worse="up"
        value={now.share === null ? "–" : formatShare(now.share)}
        note={now.share === null ? undefined : `${formatCount(now.failed)} of them`}
      />
      <Took title="Half took at most" now={now.p50_ms} before={before.p50_ms} />
      <Took title="95 of 100 took at most" now={now.p95_ms} before={before.p95_ms} />
      <Tile
        title="Cost of models"
        change={changeOf(now.cost_usd, before.cost_usd)}
        value={formatUsd(now.cost_usd)}
        note={costNote(sums.now.calls)}
        className="max-lg:col-span-2"
      />
    </dl>
  );
}

function atAGlance({ runs: sum, calls }: Totals) {
  const { runs, failed, p50_ms, p95_ms } = sum ?? { runs: 0, failed: 0, p50_ms: null, p95_ms: null };
  return { runs, failed, share: shareOf(failed, runs), p50_ms, p95_ms, cost_usd: calls?.cost_usd ?? 0 };
}

function Took({ title, now, before }: { title: string; now: number | null; before: number | null }) {
  return <Tile title={title} change={changeOf(now, before)} worse="up" value={now === null ? "–" : formatMs(now)} />;
}

function Tile({
  title,
  href,
  value,
  note,
  change,
  worse,
  className,
}: {
  title: string;
  href?: string;
  value: string;
  note?: ReactNode;
  change: Change | null;
  /** The way that is bad news; none: neither is. */
  worse?: "up" | "down";
  className?: string;
}) {
  return (
    <div
      className={cx(
        "relative flex flex-col gap-0.5 rounded-lg border border-line bg-paper px-4 py-3",
        className,
        href && "hover:bg-raised",
      )}
    >
      <dt className="text-sm text-ink-soft">
        {href ? (
          <Link href={href} className="text-link after:absolute after:inset-0 after:rounded-lg">
            {title}
          </Link>
        ) : (
          title
        )}
      </dt>
      <dd className="text-2xl font-semibold tracking-tight tabular-nums">{value}</dd>
      <dd className="flex flex-wrap items-baseline gap-x-2 text-xs text-ink-soft">
        {change && <ChangeWords change={change} worse={worse} />}
        {note && <span className="text-ink-faint">{note}</span>}
      </dd>
    </div>
  );
}

function ChangeWords({ change: { words, way }, worse }: { change: Change; worse?: "up" | "down" }) {
  const tone = way === null || !worse ? "text-ink-soft" : way === worse ? "text-bad" : "text-good";
  const Arrow = way === "up" ? ArrowUp : ArrowDown;
  return (
    <span className={cx("flex items-center gap-0.5 tabular-nums", tone)} title="Against the time before it">
      {way && <Arrow aria-hidden className="size-3" />}
      {way && <span className="sr-only">{way === "up" ? "up by" : "down by"}</span>}
      {words}
    </span>
  );
}

function costNote(calls: CallSum | undefined): string | undefined {
  if (!calls) return undefined;
  const made = `${formatCount(calls.calls)} ${calls.calls === 1 ? "call" : "calls"}`;
  return calls.unpriced ? `${made}, of ${formatCount(calls.unpriced)} the price is not known` : made;
}
