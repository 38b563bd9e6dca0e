import { useQuery } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import { AgentPage } from "@/agents";
import type { Schemas } from "@/client";
import { Banner } from "@/ui/Banner";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { Time } from "@/ui/Time";
import { Address } from "./Address";
import { alarmsQuery } from "./alarms";
import { schedulesQuery, triggersQuery } from "./queries";
import { ScheduleCard } from "./ScheduleCard";
import { TriggerCard } from "./TriggerCard";

/** What starts an agent: its live version's schedules, addresses and polls, with what has come of them. */
export function TriggersScreen() {
  return (
    <AgentPage title={(agent) => (agent ? `What starts ${agent.name}` : "What starts the agent")} loading={<Loading />}>
      {(agent) => <OfAgent agent={agent} />}
    </AgentPage>
  );
}

function OfAgent({ agent: { id, paused_at, live_version } }: { agent: Schemas["Agent"] }) {
  return (
    <>
      {paused_at && (
        <Banner tone="warn" title="The agent is paused.">
          Nothing starts it by itself until it is resumed, in the list of agents.
        </Banner>
      )}
      <Alarms agentId={id} />
      {live_version === null ? (
        <EmptyState icon={Radio} title="No version is live">
          Triggers are those of the live version. Make one live in the editor, and they stand here.
        </EmptyState>
      ) : (
        <All agentId={id} />
      )}
    </>
  );
}

function All({ agentId }: { agentId: string }) {
  const triggers = useQuery(triggersQuery(agentId));
  const schedules = useQuery(schedulesQuery(agentId));
  const error = triggers.error ?? schedules.error;
  if (error) {
    const again = () => void Promise.all([triggers.refetch(), schedules.refetch()]);
    return <ErrorNote problem={error} busy={triggers.isFetching || schedules.isFetching} onRetry={again} />;
  }
  if (!triggers.data || !schedules.data) return <Loading />;
  if (triggers.data.length + schedules.data.length === 0) {
    return (
      <EmptyState icon={Radio} title="Only people and programs start it">
        Add a schedule, a webhook, a form or something else under “when” in its text, and make it live.
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      {schedules.data.map((one) => (
        <ScheduleCard key={one.trigger_id} agentId={agentId} schedule={one} />
      ))}
      {triggers.data.map((one) => (
        <TriggerCard key={one.id} agentId={agentId} trigger={one} />
      ))}
      {triggers.data.some(({ url }) => url !== null) && <Address agentId={agentId} />}
    </div>
  );
}

function Alarms({ agentId }: { agentId: string }) {
  const { data } = useQuery(alarmsQuery);
  return data
    ?.filter(({ agent_id }) => agent_id === agentId)
    .map(({ id, kind, message, raised_at }) => (
      <Banner key={id} tone="bad" title={kind === "keeps_failing" ? "A poll keeps failing." : message}>
        Since <Time at={raised_at} />. {END[kind]}
      </Banner>
    ));
}

const WELL = "It ends by itself when all is well again.";
/** How an alarm ends; why a poll fails stands with its trigger. */
const END = {
  did_not_fire: WELL,
  cannot_be_planned: WELL,
  cannot_start: WELL,
  keeps_failing: "Why stands below. This ends by itself when a poll succeeds.",
} as const;

function Loading() {
  return (
    <div role="status" className="flex flex-col gap-4">
      <span className="sr-only">Loading the triggers</span>
      <Skeleton className="h-44" />
      <Skeleton className="h-44" />
    </div>
  );
}
