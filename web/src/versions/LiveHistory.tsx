import { useInfiniteQuery } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useState } from "react";
import type { Schemas } from "@/client";
import { useSession } from "@/session";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { SkeletonLines } from "@/ui/Skeleton";
import { TextInput } from "@/ui/TextInput";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { type Agent, liveHistoryQuery, rollBack } from "./queries";
import { actorName, useNames } from "./people";

type Change = Schemas["LiveChange"];

/** Which versions were live, who made them so and why; and the way back to the one before. */
export function LiveHistory({ agent }: { agent: Agent }) {
  const mayEdit = useSession().may("agents:write");
  const list = useInfiniteQuery(liveHistoryQuery(agent.id));
  const names = useNames();
  const changes = list.data?.pages.flatMap((page) => page.changes) ?? [];
  const canGoBack = changes.some(({ version }) => version !== null && version !== agent.live_version);
  return (
    <div className="flex min-h-[40vh] flex-col gap-3">
      {mayEdit && canGoBack && <RollBack agent={agent} />}
      {list.error && <ErrorNote problem={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <SkeletonLines lines={4} />}
      {list.data && changes.length === 0 && <p className="py-6 text-sm text-ink-soft">No version was live yet.</p>}
      {changes.length > 0 && (
        <ol aria-label="What was live" className="divide-y divide-line rounded-lg border border-line bg-paper text-sm">
          {changes.map((change) => (
            <Row key={change.seq} change={change} by={actorName(change.by, names)} />
          ))}
        </ol>
      )}
      {list.hasNextPage && (
        <Button size="sm" variant="ghost" className="self-start" onClick={() => void list.fetchNextPage()}>
          Show older ones
        </Button>
      )}
    </div>
  );
}

function RollBack({ agent }: { agent: Agent }) {
  const [asks, setAsks] = useState(false);
  const [reason, setReason] = useState("");
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p className="min-w-0 flex-1 basis-64 text-sm text-ink-soft">
        Going back makes the version live that was so before. Runs under way go on with the version they began with.
      </p>
      <Button icon={Undo2} onClick={() => setAsks(true)}>
        Go back to the one before
      </Button>
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title="Go back to the version before?"
        confirm="Go back"
        onConfirm={async () => {
          const { live_version } = await rollBack(agent.id, reason.trim());
          toast.good(`Version ${live_version} is live again.`);
        }}
      >
        <Field label="Why" optional>
          <TextInput maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
      </ConfirmDialog>
    </div>
  );
}

function Row({ change: { version, how, reason, unmet, at }, by }: { change: Change; by: string }) {
  return (
    <li className="flex flex-col gap-0.5 px-4 py-2.5">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium">{version === null ? "None" : `Version ${version}`}</span>
        {how === "rollback" && <Badge tone="warn">Gone back to</Badge>}
        {how === "canary" && <Badge tone="accent">After a canary</Badge>}
        {unmet.length > 0 && <Badge tone="warn">Not ready</Badge>}
        <span className="ml-auto text-ink-soft">
          {by}, <Time at={at} />
        </span>
      </p>
      {reason && <p className="text-ink-soft wrap-anywhere">“{reason}”</p>}
      {unmet.map(({ message }, i) => (
        <p key={i} className="text-ink-soft wrap-anywhere">
          {message}
        </p>
      ))}
    </li>
  );
}
