import { ChevronRight, PencilLine, RotateCw } from "lucide-react";
import { type ReactNode, useState } from "react";
import { type Decided, RunDecision } from "@/inbox";
import { Link, useGo } from "@/navigation";
import { useSession } from "@/session";
import { useCommand } from "@/shell";
import { Badge } from "@/ui/Badge";
import { Button, LinkButton } from "@/ui/Button";
import { formatUsd } from "@/ui/money";
import { StatusBadge } from "@/ui/StatusBadge";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { CancelRun } from "./CancelRun";
import { retryFrom } from "./choose";
import type { Outline } from "./outline";
import { startRun } from "./queries";
import { RunNotes } from "./RunNotes";
import { Took } from "./Took";
import type { Run } from "./types";
import type { RunView } from "./watch";
import { refreshRun } from "./useRun";
import { triggerWord } from "./words";

/** What the run is, how it stands, and what can be done with it. */
export function RunHeader({
  view,
  run,
  outline,
  onChoose,
}: {
  view: RunView;
  run: Run;
  outline: Outline;
  onChoose: (path: string) => void;
}) {
  const go = useGo();
  const follow = ({ next_run_id }: Decided) => {
    if (next_run_id !== null && next_run_id !== run.id) go(`/runs/${next_run_id}`);
    else refreshRun(run.id).catch(toast.problem);
  };
  return (
    <header className="shrink-0 border-b border-line">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5">
        <h1 className="flex min-w-0 items-center gap-1.5 text-base font-semibold">
          <Link href="/runs" className="rounded-sm font-normal text-ink-soft hover:text-ink max-sm:hidden">
            Runs
          </Link>
          <ChevronRight aria-hidden className="size-4 shrink-0 text-ink-faint max-sm:hidden" />
          <span dir="auto" className="truncate">
            {run.agent.name}
          </span>
        </h1>
        <Badge>v{run.version}</Badge>
        <StatusBadge status={run.ask === null ? run.status : "asking"} />
        <Facts run={run} />
        <span className="grow" />
        <Actions run={run} />
      </div>
      <div className="flex max-h-72 flex-col gap-2 overflow-y-auto px-4 pb-3 empty:hidden">
        <RunNotes
          view={view}
          outline={outline}
          action={(path) => (
            <Button size="sm" onClick={() => onChoose(path)}>
              Show the step
            </Button>
          )}
        />
        <RunDecision run={run} steps={retryFrom(view, outline)} onDecided={follow} />
      </div>
    </header>
  );
}

function Facts({ run }: { run: Run }) {
  return (
    <dl className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-ink-soft">
      <Fact name="Trigger">{triggerWord(run.trigger.kind)}</Fact>
      <Fact name="Started">
        <Time at={run.started_at ?? run.created_at} />
      </Fact>
      {run.started_at && (
        <Fact name="Took">
          <Took run={run} className="tabular-nums" />
        </Fact>
      )}
      {run.tokens > 0 && <Fact name="Tokens">{`${run.tokens.toLocaleString("en")} tokens`}</Fact>}
      {run.cost_usd > 0 && <Fact name="Cost">{formatUsd(run.cost_usd)}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="whitespace-nowrap">
      <dt className="sr-only">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Actions({ run }: { run: Run }) {
  const { may } = useSession();
  const go = useGo();
  const [busy, setBusy] = useState(false);
  const mayRun = may("runs:write");
  const again = async () => {
    setBusy(true);
    try {
      go(`/runs/${await startRun(run.agent_id, run.version, run.inputs)}`);
    } catch (why) {
      toast.problem(why);
    } finally {
      setBusy(false);
    }
  };
  useCommand(
    mayRun
      ? { id: "run.again", title: "Run again with the same inputs", icon: RotateCw, run: () => void again() }
      : null,
  );
  return (
    <div className="flex items-center gap-2">
      <CancelRun run={run} />
      {mayRun && (
        <Button size="sm" icon={RotateCw} busy={busy} onClick={() => void again()}>
          Run again
        </Button>
      )}
      <LinkButton size="sm" icon={PencilLine} href={`/agents/${run.agent_id}`}>
        Open agent
      </LinkButton>
    </div>
  );
}
