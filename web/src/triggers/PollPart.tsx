import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/client";
import { useSession } from "@/session";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { Tree } from "@/ui/Tree";
import { Part } from "./Card";
import { forgetPoll, hurryPoll, lookAtPoll } from "./queries";

type Poll = Schemas["PollState"];
interface PollPartProps {
  agentId: string;
  triggerId: string;
  poll: Poll;
}

/** How a poll stands: when it asks next, what it found, and why it failed. */
export function PollPart({ agentId, triggerId, poll }: PollPartProps) {
  const { may } = useSession();
  const [asks, setAsks] = useState(false);
  const look = useMutation({ mutationFn: () => lookAtPoll(agentId, triggerId) });
  const hurry = useMutation({ mutationFn: () => hurryPoll(agentId, triggerId), onError: (why) => toast.problem(why) });
  return (
    <>
      {poll.failure && (
        <Banner
          tone={poll.failure.kind === "auth" || poll.failure.kind === "rejected" ? "bad" : "warn"}
          title={poll.failure.message}
        >
          {poll.failure.next_step} {poll.failures > 1 && `It has failed ${poll.failures} times in a row.`}
        </Banner>
      )}
      <p className="text-sm text-ink-soft">
        <State poll={poll} />
      </p>
      {may("runs:write") && (
        <div className="flex flex-wrap gap-2">
          <Button size="sm" busy={look.isPending} onClick={() => look.mutate()}>
            See what is new
          </Button>
          <Button size="sm" busy={hurry.isPending} disabled={poll.is_under_way} onClick={() => hurry.mutate()}>
            Ask now
          </Button>
          {may("agents:write") && (
            <Button size="sm" variant="ghost" onClick={() => setAsks(true)}>
              Begin anew…
            </Button>
          )}
        </div>
      )}
      {look.error && <ErrorNote problem={look.error} onRetry={() => look.mutate()} />}
      <Recent poll={poll} />
      <Dialog open={look.data !== undefined} onClose={look.reset} title="What is new now">
        {look.data && <Found looked={look.data} />}
      </Dialog>
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title="Begin anew?"
        confirm="Begin anew"
        onConfirm={() => forgetPoll(agentId, triggerId)}
      >
        <p>What is there when it asks next counts as known. What had a run in the last 30 days gets no other.</p>
      </ConfirmDialog>
    </>
  );
}

function State({ poll: { is_under_way, next_at, last_at, begun_at } }: { poll: Poll }) {
  if (is_under_way) return "It is asking right now.";
  return (
    <>
      {begun_at === null ? "The first time, it only notes what is there. " : ""}
      {last_at && (
        <>
          Asked <Time at={last_at} />
          {next_at ? ", " : "."}
        </>
      )}
      {next_at && (
        <>
          {last_at ? "asks again " : "It asks "}
          <Time at={next_at} />.
        </>
      )}
    </>
  );
}

function Recent({ poll: { recent } }: { poll: Poll }) {
  if (recent.length === 0) return null;
  return (
    <Part title="Last polls">
      <ul aria-label="Last polls" className="divide-y divide-line rounded-md border border-line text-sm">
        {recent.slice(0, 8).map(({ at, found, started, refused, failure }) => (
          <li key={at} className="flex flex-wrap gap-x-3 px-3 py-2">
            <Time at={at} className="w-32 shrink-0 text-ink-soft" />
            {failure ? (
              <span className="min-w-0 flex-1 text-bad wrap-anywhere">{failure}</span>
            ) : (
              <span>
                {found} new, {started} {started === 1 ? "run" : "runs"}
                {refused > 0 && `, ${refused} refused`}
              </span>
            )}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Found({ looked: { items, count, is_first } }: { looked: Schemas["Looked"] }) {
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p className="text-ink-soft">
        {count === 0 ? "Nothing is new." : `${count} new. `}
        {is_first && count > 0 && "It would be the first poll, which only notes them. "}
        Nothing was started.
      </p>
      {items.map(({ key, inputs, refusal }) => (
        <div key={key} className="rounded-md border border-line bg-paper px-3 py-2">
          {refusal ? (
            <p className="text-bad">{refusal}</p>
          ) : (
            <Tree value={inputs} name={`Inputs for ${key}`} base="inputs" />
          )}
        </div>
      ))}
    </div>
  );
}
