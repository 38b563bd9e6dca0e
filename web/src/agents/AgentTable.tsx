import type { ReactNode } from "react";
import { Link } from "@/navigation";
import { Badge } from "@/ui/Badge";
import { cx } from "@/ui/cx";
import { capital } from "@/ui/capital";
import { KindIcon } from "@/ui/KindIcon";
import { formatUsd } from "@/ui/money";
import { Skeleton } from "@/ui/Skeleton";
import { Time } from "@/ui/Time";
import { AgentMenu } from "./AgentMenu";
import type { AgentSummary } from "./queries";
import { RunStrip } from "./RunStrip";

/** The columns from 1024 px on; below, an agent is a card. */
const COLUMNS =
  "lg:grid lg:grid-cols-[minmax(0,1fr)_minmax(0,15rem)_8.5rem_8rem_5.5rem_2rem] lg:items-center lg:gap-x-5";
const FRAME = "overflow-hidden rounded-lg border border-line bg-paper";

export function AgentTable({ agents }: { agents: readonly AgentSummary[] }) {
  return (
    <div className={FRAME}>
      <Head />
      <ul className="divide-y divide-line">
        {agents.map((agent) => (
          <Row key={agent.id} agent={agent} />
        ))}
      </ul>
    </div>
  );
}

function Head() {
  return (
    <div aria-hidden className={cx(COLUMNS, "hidden border-b border-line px-4 py-2 text-xs text-ink-faint")}>
      <span>Agent</span>
      <span>Starts</span>
      <span>Last runs</span>
      <span>Next run</span>
      <span className="text-right">This month</span>
    </div>
  );
}

function Row({ agent }: { agent: AgentSummary }) {
  const { id, name, about, starts, last_runs, next_run_at, cost_month_usd } = agent;
  const nextRun = agent.paused_at ? null : next_run_at;
  return (
    <li className="relative hover:bg-raised">
      <div className={cx(COLUMNS, "flex flex-wrap items-center gap-x-4 gap-y-2.5 px-4 py-3")}>
        <div className="min-w-0 max-lg:w-[calc(100%-4rem)]">
          <div className="flex items-center gap-x-2 gap-y-1 max-lg:flex-wrap">
            <Link
              href={`/agents/${id}`}
              dir="auto"
              className="min-w-0 truncate font-medium after:absolute after:inset-0 after:rounded-md"
            >
              {name}
            </Link>
            <States agent={agent} />
          </div>
          {about && (
            <p dir="auto" className="mt-0.5 truncate text-left text-sm text-ink-soft">
              {about}
            </p>
          )}
        </div>
        <p className="flex min-w-0 items-center gap-2 text-sm text-ink-soft max-lg:order-1 max-lg:w-full">
          <KindIcon kind={triggerOf(starts)} />
          <span className="line-clamp-2">{capital(starts)}</span>
        </p>
        <div className="max-lg:order-2 max-lg:grow">
          <RunStrip runs={last_runs} agent={name} />
        </div>
        <Fact title="Next run" isNone={nextRun === null} className="max-lg:order-3">
          {nextRun ? <Time at={nextRun} soon /> : "–"}
        </Fact>
        <Fact title="This month" isNone={cost_month_usd === 0} className="tabular-nums max-lg:order-4 lg:text-right">
          {formatUsd(cost_month_usd)}
        </Fact>
        <div className="relative max-lg:absolute max-lg:right-2 max-lg:top-1.5">
          <AgentMenu agent={agent} />
        </div>
      </div>
    </li>
  );
}

/** A column's value; on a card it has its title before it, and is left out when there is none. */
function Fact(props: { title: string; isNone: boolean; className?: string; children: ReactNode }) {
  const { title, isNone, className, children } = props;
  return (
    <p className={cx("text-sm", isNone && "text-ink-faint max-lg:hidden", className)}>
      <span className="mr-1.5 text-ink-faint lg:sr-only">{title}</span>
      {children}
    </p>
  );
}

function States({ agent: { live_version, paused_at, has_draft } }: { agent: AgentSummary }) {
  return (
    <>
      {paused_at && <Badge tone="warn">Paused</Badge>}
      {!paused_at && live_version !== null && <Badge tone="good">Live v{live_version}</Badge>}
      {live_version === null && <Badge>Not live</Badge>}
      {has_draft && <Badge tone="accent">Draft</Badge>}
    </>
  );
}

const STARTS: readonly [RegExp, string][] = [
  [/^by hand/, "manual"],
  [/^webhook/, "webhook"],
  [/^form “/, "form"],
  [/^chat/, "chat"],
  [/^a mail/, "email"],
  [/^a failure/, "error"],
  [/^a new .* in |^\S+\.\S+/, "poll"],
];

/** The trigger whose icon stands before what starts an agent: the first of them. */
function triggerOf(starts: string): string {
  return STARTS.find(([words]) => words.test(starts))?.[1] ?? "schedule";
}

export function AgentTableWaiting() {
  return (
    <div role="status" className={FRAME}>
      <span className="sr-only">Loading the agents</span>
      {[0, 1, 2, 3].map((i) => (
        <div key={i} className={cx(COLUMNS, "flex flex-wrap gap-4 border-b border-line px-4 py-4 last:border-0")}>
          <div className="flex grow flex-col gap-2">
            <Skeleton className="h-4 w-48 max-w-full" />
            <Skeleton className="h-3.5 w-80 max-w-full" />
          </div>
          <Skeleton className="h-4 w-40" />
          <Skeleton className="h-6 w-30" />
        </div>
      ))}
    </div>
  );
}
