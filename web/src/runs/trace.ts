/** What is known of a run's steps: the fold of its journal and of what passes meanwhile. Pure; times are epoch ms. */
import { nodeOf } from "./paths";
import type { RunEvent, StepStatus } from "./types";

/** A stretch in which an attempt waits. `to` is null while it does; `until`: when it goes on by itself. */
export interface Wait {
  from: number;
  to: number | null;
  until: number | null;
}

/** One attempt. Number 0: what the planner did itself (a loop as a whole, a step that was left out). */
export interface Attempt {
  number: number;
  status: StepStatus;
  begun_at: number | null;
  ended_at: number | null;
  took_ms: number | null;
  waits: readonly Wait[];
  outcome: string | null;
  output: unknown;
  failure: unknown;
}

/** One step of the run, in one turn of each loop around it. */
export interface StepTrace {
  path: string;
  /** Its id in the document. */
  node: string;
  status: StepStatus;
  attempts: readonly Attempt[];
  /** Which step was heard of first: counts up. */
  order: number;
}

export interface Trace {
  steps: ReadonlyMap<string, StepTrace>;
  /** What models have said in steps that are under way, by path. */
  deltas: ReadonlyMap<string, string>;
  /** The last journal row taken in. */
  seq: number;
}

export const NO_TRACE: Trace = { steps: new Map(), deltas: new Map(), seq: 0 };

/** The trace with more events taken in. Journal rows that it has already, and news that is older than a step's end, change nothing. */
export function fold(trace: Trace, events: readonly RunEvent[]): Trace {
  const steps = new Map(trace.steps);
  const deltas = new Map(trace.deltas);
  let seq = trace.seq;
  for (const event of events) {
    const path = event.path;
    if (event.type !== "step" || !path) continue;
    if (!event.seq) {
      takePassing(steps, deltas, path, event);
    } else if (event.seq > seq) {
      seq = event.seq;
      const before = steps.get(path);
      steps.set(path, withAttempt(before, path, withRow(attemptOf(before, event), event), steps.size));
      if (event.status !== "started") deltas.delete(path);
    }
  }
  return { steps, deltas, seq };
}

/** The attempt that counts: the last. */
export function lastAttempt(step: StepTrace): Attempt | undefined {
  return step.attempts[step.attempts.length - 1];
}

/** From when to when a step was under way; null where it is not known. */
export function spanOf(step: StepTrace): { from: number | null; to: number | null } {
  let from: number | null = null;
  for (const { begun_at } of step.attempts)
    if (begun_at !== null && (from === null || begun_at < from)) from = begun_at;
  return { from, to: lastAttempt(step)?.ended_at ?? null };
}

function takePassing(steps: Map<string, StepTrace>, deltas: Map<string, string>, path: string, event: RunEvent): void {
  const before = steps.get(path);
  const attempt = attemptOf(before, event);
  if (attempt.ended_at !== null || isOutdone(before, event)) return;
  if (event.delta) {
    deltas.set(path, (deltas.get(path) ?? "") + event.delta);
    return;
  }
  deltas.delete(path);
  const at = millis(event.at);
  const begun_at = attempt.begun_at ?? at;
  const waits = at === null ? attempt.waits : closed(attempt.waits, at);
  steps.set(path, withAttempt(before, path, { ...attempt, status: "running", begun_at, waits }, steps.size));
}

/** Whether a later attempt than the event's has begun. */
function isOutdone(step: StepTrace | undefined, event: RunEvent): boolean {
  return step !== undefined && (lastAttempt(step)?.number ?? 0) > (event.attempt ?? 0);
}

function attemptOf(step: StepTrace | undefined, event: RunEvent): Attempt {
  const number = event.attempt ?? 0;
  return (
    step?.attempts.find((attempt) => attempt.number === number) ?? {
      number,
      status: "running",
      begun_at: null,
      ended_at: null,
      took_ms: null,
      waits: [],
      outcome: null,
      output: null,
      failure: null,
    }
  );
}

function withRow(attempt: Attempt, row: RunEvent): Attempt {
  const at = millis(row.at) ?? 0;
  const status = row.status === "started" ? "running" : (row.status as StepStatus);
  const resumed_at = at - (row.took_ms ?? 0);
  const begun_at = attempt.begun_at ?? (isOfWhole(attempt, status) ? null : resumed_at);
  const waits = closed(attempt.waits, resumed_at);
  if (status === "running") return { ...attempt, status, begun_at };
  if (status === "waiting") {
    return { ...attempt, status, begun_at, waits: [...waits, { from: at, to: null, until: millis(row.wake_at) }] };
  }
  return { ...attempt, status, begun_at, ended_at: at, waits, took_ms: row.took_ms ?? null, ...resultOf(row) };
}

/** The end of a loop or group does not tell when it began; what it holds does. */
function isOfWhole(attempt: Attempt, status: StepStatus): boolean {
  return attempt.number === 0 && status !== "skipped";
}

function resultOf({ outcome = null, output = null, failure = null }: RunEvent) {
  return { outcome, output, failure };
}

function withAttempt(step: StepTrace | undefined, path: string, attempt: Attempt, order: number): StepTrace {
  const others = step?.attempts.filter(({ number }) => number !== attempt.number) ?? [];
  const attempts = [...others, attempt].sort(byTime);
  return { path, node: nodeOf(path), status: attempt.status, attempts, order: step?.order ?? order };
}

/** By number, but what the planner says of a step that was taken (number 0) comes after it. */
function byTime(one: Attempt, other: Attempt): number {
  return (one.number || Infinity) - (other.number || Infinity) || 0;
}

function closed(waits: readonly Wait[], at: number): readonly Wait[] {
  const last = waits[waits.length - 1];
  return last && last.to === null ? [...waits.slice(0, -1), { ...last, to: Math.max(last.from, at) }] : waits;
}

/** Epoch ms, with the fraction that `Date` drops: steps may take less than one. */
function millis(at: string | null | undefined): number | null {
  if (!at) return null;
  const [, below = ""] = /\.\d{3}(\d+)/.exec(at) ?? [];
  return Date.parse(at) + Number(`0.${below}0`);
}
