import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, ArrowRight, PencilLine, X } from "lucide-react";
import { useState } from "react";
import { LinkButton } from "@/ui/Button";
import { formatMs } from "@/ui/duration";
import { ErrorNote } from "@/ui/ErrorNote";
import { IconButton } from "@/ui/IconButton";
import { KindIcon } from "@/ui/KindIcon";
import { formatUsd } from "@/ui/money";
import { StatusBadge } from "@/ui/StatusBadge";
import { type Tab, Tabs } from "@/ui/Tabs";
import { pathsOf } from "./choose";
import { kindOfStep, nameOf, type Outline } from "./outline";
import { nodeOf, segmentsOf, turnOf } from "./paths";
import { stepQuery } from "./queries";
import { statusOf } from "./states";
import { StepAttempts } from "./StepAttempts";
import { StepCalls } from "./StepCalls";
import { StepInput } from "./StepInput";
import { StepResult } from "./StepResult";
import { lastAttempt, type StepTrace } from "./trace";
import { TurnSteps } from "./TurnSteps";
import type { Run, StepDetail } from "./types";
import type { RunView } from "./watch";

interface Props {
  view: RunView;
  run: Run;
  outline: Outline;
  path: string;
  onChoose: (path: string | null) => void;
}

/** One step of the run, looked at closely: what it was given, what it gave, each attempt, what models were asked. */
export function StepPanel(props: Props) {
  const { view, run, outline, path, onChoose } = props;
  const node = nodeOf(path);
  const step = view.steps.get(path);
  return (
    <section aria-label={`Step ${nameOf(outline, node)}`} className="flex h-full min-h-0 flex-col">
      <header className="flex shrink-0 flex-col gap-2 border-b border-line px-4 py-3">
        <div className="flex items-center gap-2">
          <KindIcon kind={kindOfStep(outline, node)} framed />
          <h2 className="min-w-0 grow truncate text-base font-semibold">{nameOf(outline, node)}</h2>
          <IconButton label="Close the step" icon={X} onClick={() => onChoose(null)} />
        </div>
        <Turns {...props} />
      </header>
      {turnOf(path) !== null ? (
        <TurnSteps view={view} outline={outline} turn={path} onChoose={onChoose} />
      ) : step ? (
        <StepBody key={path} {...props} step={step} />
      ) : (
        <div className="flex flex-col items-start gap-3 p-4 text-sm text-ink-soft">
          <p>
            {view.state === "over" ? "The run did not come to this step." : "The run has not come to this step yet."}
          </p>
          <SettingsLink run={run} node={node} />
        </div>
      )}
    </section>
  );
}

type View = "output" | "input" | "attempts" | "calls";

function StepBody({ view, run, outline, path, step }: Props & { step: StepTrace }) {
  const [shown, setShown] = useState<View>("output");
  const attempt = lastAttempt(step);
  const moment = `${step.attempts.length}.${attempt?.status ?? ""}.${attempt?.ended_at ?? ""}`;
  const { data, error, refetch, isFetching } = useQuery(stepQuery(run.id, path, moment));
  const status = statusOf(step, run, outline);
  const tabs: Tab<View>[] = [
    {
      value: "output",
      label: "Output",
      panel: (
        <StepResult step={step} status={status} delta={view.deltas.get(path)} printed={data?.printed ?? null}>
          <SettingsLink run={run} node={step.node} />
        </StepResult>
      ),
    },
    { value: "input", label: "Input", panel: <StepInput detail={data} /> },
    {
      value: "attempts",
      label: "Attempts",
      mark: count(step.attempts),
      panel: <StepAttempts step={step} status={status} />,
    },
  ];
  if (data?.calls.length) {
    tabs.push({
      value: "calls",
      label: "Model calls",
      mark: <Mark>{data.calls.length}</Mark>,
      panel: <StepCalls calls={data.calls} />,
    });
  }
  return (
    <>
      <p className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3 text-sm text-ink-soft">
        <StatusBadge status={status} />
        <Spent step={step} detail={data} />
      </p>
      {error && <ErrorNote problem={error} onRetry={() => void refetch()} busy={isFetching} className="mx-4 mt-3" />}
      <Tabs
        label="What to show of the step"
        tabs={tabs}
        value={tabs.some(({ value }) => value === shown) ? shown : "output"}
        onChange={setShown}
        className="min-h-0 grow pt-1"
        panelClassName="overflow-y-auto p-4"
      />
    </>
  );
}

/** Of which turn this is, and the way to its neighbours. */
function Turns({ view, outline, path, onChoose }: Props) {
  const turns = segmentsOf(path).filter(({ turn }) => turn !== null);
  if (turns.length === 0 || turnOf(path) !== null) return null;
  const paths = pathsOf(nodeOf(path), view.steps);
  const at = paths.indexOf(path);
  const words = turns.map(({ id, turn }) => {
    return `${kindOfStep(outline, id) === "repeat" ? "Round" : "Item"} ${(turn ?? 0) + 1} of “${nameOf(outline, id)}”`;
  });
  const go = (index: number) => onChoose(paths[index] ?? path);
  return (
    <div className="flex items-center gap-1 text-sm text-ink-soft">
      <span className="min-w-0 grow truncate">{words.join(", ")}</span>
      <span className="shrink-0 text-xs tabular-nums text-ink-faint">
        {at + 1} / {paths.length.toLocaleString("en")}
      </span>
      <IconButton label="The turn before" icon={ArrowLeft} disabled={at <= 0} onClick={() => go(at - 1)} />
      <IconButton
        label="The turn after"
        icon={ArrowRight}
        disabled={at < 0 || at >= paths.length - 1}
        onClick={() => go(at + 1)}
      />
    </div>
  );
}

function Spent({ step, detail }: { step: StepTrace; detail: StepDetail | undefined }) {
  const took = detail?.took_ms ?? null;
  return (
    <>
      {took !== null && step.status !== "skipped" && <span className="tabular-nums">{formatMs(took)} of work</span>}
      {detail !== undefined && detail.cost_usd > 0 && (
        <span className="tabular-nums">{formatUsd(detail.cost_usd)}</span>
      )}
      <span className="truncate font-mono text-xs text-ink-faint">{step.path}</span>
    </>
  );
}

function SettingsLink({ run, node }: { run: Run; node: string }) {
  return (
    <LinkButton size="sm" icon={PencilLine} href={`/agents/${run.agent_id}?step=${encodeURIComponent(node)}`}>
      Open in settings
    </LinkButton>
  );
}

function count(attempts: StepTrace["attempts"]) {
  const taken = attempts.filter(({ number }) => number > 0).length;
  return taken > 1 ? <Mark>{taken}</Mark> : null;
}

function Mark({ children }: { children: number }) {
  return <span className="rounded-sm bg-sunken px-1 text-xs tabular-nums text-ink-soft">{children}</span>;
}
