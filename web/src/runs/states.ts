/** How the steps of a run stand, in the words that screens show. Pure. */
import type { Outline } from "./outline";
import { around, turnOf } from "./paths";
import { lastAttempt, spanOf, type StepTrace } from "./trace";
import { failureOf, isOver, type Run } from "./types";
import type { RunView } from "./watch";

/** `retrying`: it failed and is tried again after a while · `asking`: a person has to decide · `cancelled`: the run
 *  ended before the step did. */
export type ShownStatus =
  "running" | "waiting" | "succeeded" | "failed" | "skipped" | "retrying" | "asking" | "cancelled";

/** How one step of the flow stands, over all turns of the loops around it: what the canvas lights it with. */
export interface StepState {
  status: ShownStatus;
  attempt?: number;
  took_ms?: number;
  cost_usd?: number;
  /** For loops and what is inside them: turns that ended, how many there are as far as is known, and that failed. Turns
   *  that left the step out do not count. */
  items?: { done: number; total?: number; failed: number };
}

/** The most telling first: what one mark for many turns shows. */
const TELLING: readonly ShownStatus[] = [
  "asking",
  "running",
  "waiting",
  "retrying",
  "failed",
  "cancelled",
  "succeeded",
  "skipped",
];

/** The status of one step, given how its run stands. */
export function statusOf(step: StepTrace, run: Run | null, outline: Outline): ShownStatus {
  if (step.status === "succeeded" || step.status === "skipped") return step.status;
  const ended = run !== null && isOver(run.status);
  if (step.status === "failed") return !ended && isRetried(step, outline) ? "retrying" : "failed";
  if (ended) return "cancelled";
  return run?.ask === step.path ? "asking" : step.status;
}

/** One status for many. */
export function mostTelling(statuses: Iterable<ShownStatus>): ShownStatus {
  const present = new Set(statuses);
  return TELLING.find((status) => present.has(status)) ?? "skipped";
}

/** Whether nothing more happens under this status. */
export function isSettled(status: ShownStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "skipped" || status === "cancelled";
}

/** The states of the flow's steps by id. Steps that the run has not come to are missing. */
export function statesOf(view: Pick<RunView, "run" | "steps">, outline: Outline): Record<string, StepState> {
  const byNode = new Map<string, StepTrace[]>();
  const turns = new Map<string, Map<string, ShownStatus[]>>();
  for (const step of view.steps.values()) {
    const known = byNode.get(step.node);
    if (known) known.push(step);
    else byNode.set(step.node, [step]);
    noteTurns(turns, step, statusOf(step, view.run, outline));
  }
  const states: Record<string, StepState> = {};
  for (const [node, steps] of byNode) states[node] = stateOf(steps, view.run, outline);
  for (const [loop, own] of turns) {
    const ends = [...own.values()].map(mostTelling);
    const state = (states[loop] ??= { status: mostTelling(ends) });
    state.items = { ...tally(ends), total: state.items?.total ?? totalOf(byNode.get(loop)) };
  }
  return states;
}

/** What a model's answer came to; undefined for other outputs. */
export function costOf(output: unknown): number | undefined {
  const cost = isOfModel(output) ? output.cost_usd : undefined;
  return typeof cost === "number" ? cost : undefined;
}

/** What a model has written; null for other outputs, and for answers that are data. */
export function answerOf(output: unknown): string | null {
  if (!isOfModel(output) || "data" in output) return null;
  return typeof output.text === "string" ? output.text.trim() : null;
}

function isOfModel(output: unknown): output is Record<string, unknown> {
  return typeof output === "object" && output !== null && "usage" in output && "model" in output;
}

function isRetried(step: StepTrace, outline: Outline): boolean {
  const attempt = lastAttempt(step);
  const policy = outline.get(step.node)?.retry;
  if (!attempt || !policy || attempt.number === 0 || attempt.number > policy.times) return false;
  return policy.on.includes(failureOf(attempt.failure)?.kind ?? "");
}

function stateOf(steps: readonly StepTrace[], run: Run | null, outline: Outline): StepState {
  const statuses = steps.map((step) => statusOf(step, run, outline));
  const costs = steps.map((step) => costOf(lastAttempt(step)?.output)).filter((cost) => cost !== undefined);
  const cost_usd = costs.length ? costs.reduce((sum, cost) => sum + cost, 0) : undefined;
  const status = mostTelling(statuses);
  const [only] = steps;
  if (only && steps.length === 1 && !isInLoop(only.path)) return { status, ...paceOf(only), cost_usd };
  const taken = statuses.filter((one) => one !== "skipped");
  return { status, cost_usd, items: { ...tally(taken), total: taken.length } };
}

function paceOf(step: StepTrace): Pick<StepState, "attempt" | "took_ms"> {
  const { from, to } = spanOf(step);
  const attempt = lastAttempt(step)?.number ?? 0;
  return {
    attempt: attempt > 1 ? attempt : undefined,
    took_ms: from !== null && to !== null && step.status !== "skipped" ? to - from : undefined,
  };
}

function isInLoop(path: string): boolean {
  return path.includes("[");
}

function tally(statuses: readonly ShownStatus[]): { done: number; failed: number } {
  return {
    done: statuses.filter(isSettled).length,
    failed: statuses.filter((status) => status === "failed").length,
  };
}

/** Notes the status with each turn around the step, under the loop's id in the document. */
function noteTurns(turns: Map<string, Map<string, ShownStatus[]>>, step: StepTrace, status: ShownStatus): void {
  for (const turn of around(step.path)) {
    if (turnOf(turn) === null) continue;
    const loop = turn.slice(0, turn.lastIndexOf("[")).split(".").pop() ?? "";
    const own = turns.get(loop) ?? new Map<string, ShownStatus[]>();
    turns.set(loop, own);
    const known = own.get(turn);
    if (known) known.push(status);
    else own.set(turn, [status]);
  }
}

/** How many items a loop had: its output says so once it has ended. */
function totalOf(steps: readonly StepTrace[] | undefined): number | undefined {
  let total: number | undefined;
  for (const step of steps ?? []) {
    const output = lastAttempt(step)?.output;
    if (typeof output !== "object" || output === null) continue;
    const count = (output as { count?: unknown }).count;
    if (typeof count === "number") total = (total ?? 0) + count;
  }
  return total;
}
