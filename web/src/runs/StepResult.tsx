import type { ReactNode } from "react";
import { Banner } from "@/ui/Banner";
import { CopyButton } from "@/ui/CopyButton";
import { Time } from "@/ui/Time";
import { Tree } from "@/ui/Tree";
import { Deltas } from "./Deltas";
import { nameInExpressions } from "./paths";
import { answerOf, type ShownStatus } from "./states";
import { type Attempt, lastAttempt, type StepTrace } from "./trace";
import { failureOf, type RunFailure } from "./types";
import { failureWord } from "./words";

/** What a step came to: its output or its failure; while it is under way, what its model says. */
export function StepResult({
  step,
  status,
  delta,
  printed,
  children,
}: {
  step: StepTrace;
  status: ShownStatus;
  delta: string | undefined;
  /** What its code printed. */
  printed: string | null;
  /** The way to its settings: stands where the step failed. */
  children: ReactNode;
}) {
  const attempt = lastAttempt(step);
  const failure = failureOf(attempt?.failure);
  return (
    <div className="flex flex-col gap-4">
      {failure && <FailureNote failure={failure} isRetried={status === "retrying"} />}
      {failure && <div>{children}</div>}
      {delta ? <Deltas text={delta} /> : <State status={status} attempt={attempt} />}
      {attempt && status === "succeeded" && <Output step={step} attempt={attempt} />}
      {printed && <Printed text={printed} />}
    </div>
  );
}

function Output({ step, attempt: { output, outcome } }: { step: StepTrace; attempt: Attempt }) {
  return (
    <>
      <Answer output={output} />
      <Tree key={step.path} value={output} name="Output" base={nameInExpressions(step.node)} />
      {outcome && (
        <p className="text-sm text-ink-soft">
          Its outcome: <strong className="font-medium text-ink">{outcome}</strong>
        </p>
      )}
    </>
  );
}

/** What a model has written, as text to read. */
function Answer({ output }: { output: unknown }) {
  const text = answerOf(output);
  if (text === null) return null;
  return (
    <div className="flex items-start gap-2 rounded-md bg-sunken py-2 pl-3 pr-1">
      <p tabIndex={0} className="max-h-80 grow overflow-y-auto text-sm whitespace-pre-wrap wrap-anywhere">
        {text}
      </p>
      <CopyButton text={text} label="Copy the answer" />
    </div>
  );
}

function FailureNote({ failure, isRetried }: { failure: RunFailure; isRetried: boolean }) {
  return (
    <Banner tone={isRetried ? "warn" : "bad"} title={failure.message} className="wrap-anywhere">
      <p>{failure.next_step ?? failureWord(failure.kind)}</p>
    </Banner>
  );
}

/** What its status means, in a sentence. */
function State({ status, attempt }: { status: ShownStatus; attempt: Attempt | undefined }) {
  const until = attempt?.waits.findLast(({ to }) => to === null)?.until;
  if (status === "waiting" && until) {
    return (
      <p className="text-sm text-ink-soft">
        It rests and goes on <Time at={new Date(until).toISOString()} />.
      </p>
    );
  }
  return STATES[status] ? <p className="text-sm text-ink-soft">{STATES[status]}</p> : null;
}

const STATES: Partial<Record<ShownStatus, string>> = {
  waiting: "It waits for something from outside.",
  running: "It is under way. What it gives shows here as soon as it is through.",
  skipped: "It was left out: no route led to it, or its condition did not hold.",
  cancelled: "The run ended before it was through.",
  asking: "A person has to decide how it goes on.",
};

function Printed({ text }: { text: string }) {
  return (
    <div className="flex flex-col gap-1">
      <h3 className="flex items-center justify-between text-sm font-semibold">
        Printed <CopyButton text={text} label="Copy what was printed" />
      </h3>
      <pre
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-md bg-sunken px-3 py-2 font-mono text-xs whitespace-pre-wrap"
      >
        {text}
      </pre>
    </div>
  );
}
