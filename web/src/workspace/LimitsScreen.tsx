import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "@/navigation";
import { SettingsPage } from "@/shell";
import { useSession, useSubmit } from "@/session";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { NumberInput } from "@/ui/NumberInput";
import { Skeleton } from "@/ui/Skeleton";
import { changeLimits, type Limits, limitsQuery } from "./limits_queries";
import { Meter } from "./Meter";

/** How much the workspace may have under way and waiting, and how much it has. */
export function LimitsScreen() {
  const { data, error, refetch, isFetching } = useQuery(limitsQuery);
  return (
    <SettingsPage title="Limits">
      <Block
        title="Runs"
        lead="Runs beyond a limit stay queued and begin when there is room. When too many wait, new ones are refused."
      >
        {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton className="h-32" />}
        {data && <Use limits={data} />}
      </Block>
      {data && <Change key={`${data.runs_at_once} ${data.queued_at_most}`} limits={data} />}
      {data && <Agents limits={data} />}
    </SettingsPage>
  );
}

function Use({ limits: { running, runs_at_once, queued, queued_at_most } }: { limits: Limits }) {
  return (
    <div className="grid gap-4 rounded-lg border border-line bg-paper p-4 sm:grid-cols-2">
      <Meter label="Under way" used={running} most={runs_at_once} />
      <Meter label="Waiting" used={queued} most={queued_at_most} />
    </div>
  );
}

function Change({ limits }: { limits: Limits }) {
  const { may } = useSession();
  const [atOnce, setAtOnce] = useState(limits.runs_at_once ?? null);
  const [waiting, setWaiting] = useState<number | null>(limits.queued_at_most);
  const { busy, problem, onSubmit } = useSubmit(() => changeLimits({ runs_at_once: atOnce, queued_at_most: waiting }));
  if (!may("limits:write")) return null;
  const isRight = [atOnce, waiting].every((value) => value === null || value >= 1);
  const isNew = atOnce !== (limits.runs_at_once ?? null) || waiting !== limits.queued_at_most;
  return (
    <Block title="Limits" lead="Runs under way go on; the next ones begin when there is room for them.">
      <form onSubmit={onSubmit} className="flex max-w-140 flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Runs at once" hint="Empty: any number.">
            <NumberInput whole value={atOnce} onChange={setAtOnce} placeholder="any number" />
          </Field>
          <Field label="Runs that may wait" hint="Empty: the usual number.">
            <NumberInput whole value={waiting} onChange={setWaiting} placeholder="the usual number" />
          </Field>
        </div>
        {!isRight && (
          <p role="alert" className="text-sm text-bad">
            A limit is a whole number of at least 1.
          </p>
        )}
        {problem !== null && <ErrorNote problem={problem} />}
        <Button type="submit" busy={busy} disabled={!isNew || !isRight} className="self-start">
          Save
        </Button>
      </form>
    </Block>
  );
}

function Agents({ limits: { agents } }: { limits: Limits }) {
  return (
    <Block
      title="Agents"
      lead="Those with runs under way, or with a limit of their own: “runs at once” in the agent's settings."
    >
      {agents.length === 0 ? (
        <p className="text-sm text-ink-soft">No agent is at work, and none has a limit of its own.</p>
      ) : (
        <Rows label="Agents">
          {agents.map(({ agent_id, name, running, runs_at_once }) => (
            <RowOf
              key={agent_id}
              title={
                <Link href={`/agents/${agent_id}`} className="text-link">
                  <bdi>{name}</bdi>
                </Link>
              }
              actions={
                <Meter label="Under way" used={running} most={runs_at_once ?? null} className="w-56 max-sm:w-full" />
              }
            />
          ))}
        </Rows>
      )}
    </Block>
  );
}
