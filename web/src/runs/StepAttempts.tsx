import { formatMs } from "@/ui/duration";
import { StatusBadge } from "@/ui/StatusBadge";
import { Time } from "@/ui/Time";
import type { ShownStatus } from "./states";
import { type Attempt, lastAttempt, type StepTrace } from "./trace";
import { failureOf } from "./types";
import { failureWord } from "./words";

/** Every attempt at a step, the last one first. */
export function StepAttempts({ step, status }: { step: StepTrace; status: ShownStatus }) {
  const last = lastAttempt(step);
  return (
    <ol className="flex flex-col divide-y divide-line">
      {[...step.attempts].reverse().map((attempt) => (
        <li key={attempt.number} className="flex flex-col gap-1.5 py-3 first:pt-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <span className="font-medium">{attempt.number === 0 ? "As a whole" : `Attempt ${attempt.number}`}</span>
            <StatusBadge
              status={attempt === last ? status : attempt.ended_at === null ? "cancelled" : attempt.status}
            />
            <When attempt={attempt} />
          </div>
          <Why attempt={attempt} />
        </li>
      ))}
    </ol>
  );
}

function When({ attempt: { begun_at, took_ms, waits, status } }: { attempt: Attempt }) {
  const waited = waits.reduce((sum, { from, to }) => sum + (to === null ? 0 : to - from), 0);
  return (
    <span className="flex flex-wrap gap-x-3 text-ink-soft tabular-nums">
      {begun_at !== null && <Time at={new Date(begun_at).toISOString()} />}
      {took_ms !== null && status !== "skipped" && <span>{formatMs(took_ms)} of work</span>}
      {waited > 0 && <span>{formatMs(waited)} of waiting</span>}
    </span>
  );
}

function Why({ attempt }: { attempt: Attempt }) {
  const failure = failureOf(attempt.failure);
  if (!failure) return null;
  return (
    <div className="text-sm wrap-anywhere">
      <p className="text-bad">{failure.message}</p>
      <p className="text-ink-soft">{[failureWord(failure.kind), failure.next_step].filter(Boolean).join(" ")}</p>
    </div>
  );
}
