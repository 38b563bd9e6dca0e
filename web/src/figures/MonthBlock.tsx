import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { agentsQuery } from "@/agents";
import { Link } from "@/navigation";
import { Block } from "@/ui/Block";
import { Button, LinkButton } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { formatUsd } from "@/ui/money";
import { Skeleton } from "@/ui/Skeleton";
import { useNow } from "@/ui/Time";
import { Meter } from "@/workspace/Meter";
import { type AgentCost, lastDay, monthCosts, startOfMonth, WEEK_MS } from "./month";
import { agentCostsQuery, type CallSum } from "./queries";

const FEW = 6;

/** What models cost this month so far, what that comes to at its end, and the limits that hold it. */
export function MonthBlock({ agents }: { agents: readonly string[] }) {
  const now = useNow();
  const known = useQuery(agentsQuery);
  const month = useQuery(agentCostsQuery("this month", (at) => startOfMonth(at)));
  const week = useQuery(agentCostsQuery("seven days", (at) => new Date(at.getTime() - WEEK_MS)));
  const error = known.error ?? month.error ?? week.error;
  const costs = useMemo(() => {
    if (!now || !known.data || !month.data || !week.data) return null;
    const isMeant = (id: string | undefined) => agents.length === 0 || (id !== undefined && agents.includes(id));
    const of = (sums: readonly CallSum[]) => sums.filter(({ agent }) => isMeant(agent?.id));
    const meant = known.data.agents.filter(({ id }) => isMeant(id));
    return monthCosts(meant, of(month.data.sums), of(week.data.sums), now);
  }, [now, known.data, month.data, week.data, agents]);
  const again = () => void Promise.all([known.refetch(), month.refetch(), week.refetch()]);
  return (
    <Block
      title="Cost this month"
      actions={
        <LinkButton size="sm" href="/workspace/limits">
          Limits of the workspace
        </LinkButton>
      }
      lead={
        costs && (
          <>
            <strong className="font-semibold text-ink">{formatUsd(costs.so_far)}</strong> so far. At the pace of the
            last seven days it is about <strong className="font-semibold text-ink">{formatUsd(costs.by_end)}</strong> by{" "}
            {lastDay(costs.ends)}. An agent stops asking models when it has used up its “cost per day”, which its
            settings say.
          </>
        )
      }
    >
      {error && <ErrorNote problem={error} onRetry={again} />}
      {!error && !costs && <Skeleton className="h-28" />}
      {costs && costs.agents.length > 0 && <Agents costs={costs.agents} end={lastDay(costs.ends)} />}
    </Block>
  );
}

function Agents({ costs, end }: { costs: readonly AgentCost[]; end: string }) {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? costs : costs.slice(0, FEW);
  return (
    <>
      <ul aria-label="Costs by agent" className="divide-y divide-line rounded-lg border border-line bg-paper">
        {shown.map((one) => (
          <Row key={one.id ?? one.name} cost={one} end={end} />
        ))}
      </ul>
      {costs.length > shown.length && (
        <Button size="sm" className="self-center" onClick={() => setAll(true)}>
          Show all {costs.length.toLocaleString("en")}
        </Button>
      )}
    </>
  );
}

function Row({ cost: { id, name, so_far, today, per_day, by_end }, end }: { cost: AgentCost; end: string }) {
  return (
    <li className="grid items-center gap-x-6 gap-y-1.5 px-4 py-2.5 text-sm sm:grid-cols-[minmax(0,1fr)_16rem_7rem_8rem]">
      <div className="min-w-0 truncate font-medium">
        {id ? (
          <Link href={`/agents/${id}`} className="text-link">
            <bdi>{name}</bdi>
          </Link>
        ) : (
          <bdi>{name}</bdi>
        )}
      </div>
      {id ? <Meter label="Today" used={today} most={per_day} format={formatUsd} /> : <span />}
      <Amount title="so far" amount={so_far} />
      <Amount title={`by ${end}`} amount={by_end} isAbout />
    </li>
  );
}

function Amount({ title, amount, isAbout }: { title: string; amount: number; isAbout?: boolean }) {
  return (
    <p className="flex justify-between gap-2 tabular-nums sm:flex-col sm:gap-0 sm:text-right">
      <span className="text-xs text-ink-faint sm:order-2">{title}</span>
      <span>
        {isAbout && <span className="text-ink-faint">about </span>}
        {formatUsd(amount)}
      </span>
    </p>
  );
}
