/** The rows of a run's timeline: steps in the order they began, turns of loops nested and foldable. Pure. */
import { kindOfStep, nameOf, type Outline } from "./outline";
import { around, nodeOf, parentOf, turnOf } from "./paths";
import { isSettled, mostTelling, type ShownStatus, statusOf } from "./states";
import { type Attempt, spanOf, type StepTrace } from "./trace";
import { isOver } from "./types";
import type { RunView } from "./watch";

/** A stretch of a row. `gap`: between two attempts. `to` null: up to now. */
export interface Bar {
  from: number;
  to: number | null;
  look: "work" | "wait" | "gap" | "frame";
  status: ShownStatus;
  attempt: number;
}

export interface TimelineRow {
  /** The path of the step or of the turn. */
  key: string;
  depth: number;
  label: string;
  /** Stands before the label: the turn that the step is all of. */
  turn: string | null;
  /** The kind of the step, for its icon; null for a turn. */
  kind: string | null;
  status: ShownStatus;
  /** What choosing the row chooses: the path of a step, or of a turn. */
  path: string;
  from: number | null;
  to: number | null;
  bars: readonly Bar[];
  attempts: number;
  /** Whether it is unfolded; null when it holds nothing. */
  isOpen: boolean | null;
  /** Of a loop: its turns, and those that failed. */
  turns: { count: number; failed: number } | null;
}

export interface Entry {
  key: string;
  step: StepTrace | null;
  status: ShownStatus;
  from: number | null;
  to: number | null;
  order: number;
  children: Entry[];
}

/** Loops with more turns than this show them folded. */
const OPEN_TURNS = 4;
/** Loops with more turns than this are folded themselves. */
const OPEN_LOOP = 60;

/** What happened, as a tree. */
export function treeOf(view: Pick<RunView, "run" | "steps">, outline: Outline): Entry[] {
  const entries = new Map<string, Entry>();
  const roots: Entry[] = [];
  const enter = (key: string): Entry => {
    const known = entries.get(key);
    if (known) return known;
    const entry: Entry = { key, step: null, status: "skipped", from: null, to: null, order: Infinity, children: [] };
    entries.set(key, entry);
    const parent = parentOf(key);
    (parent === null ? roots : enter(parent).children).push(entry);
    return entry;
  };
  for (const step of view.steps.values()) {
    const entry = enter(step.path);
    entry.step = step;
    entry.order = step.order;
    entry.status = statusOf(step, view.run, outline);
    Object.assign(entry, spanOf(step));
  }
  const end = view.run?.finished_at && isOver(view.run.status) ? Date.parse(view.run.finished_at) : null;
  for (const root of roots) settle(root, end);
  return roots.sort(inOrder);
}

/** The rows to show. `folds`: what a person has folded or unfolded, by key. */
export function rowsOf(tree: readonly Entry[], outline: Outline, folds: ReadonlyMap<string, boolean>): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const add = (entry: Entry, depth: number, siblings: number) => {
    const only = onlyStepOf(entry, outline);
    const shown = only ?? entry;
    const isOpen = shown.children.length ? (folds.get(shown.key) ?? isOpenAtFirst(shown, siblings)) : null;
    rows.push(rowOf(entry, shown, depth, isOpen, outline));
    if (isOpen) for (const child of shown.children) add(child, depth + 1, shown.children.length);
  };
  for (const entry of tree) add(entry, 0, tree.length);
  return rows;
}

/** Every stretch in which a step worked: what the time axis shows in full. */
export function busyOf(tree: readonly Entry[], now: number): { from: number; to: number }[] {
  const busy: { from: number; to: number }[] = [];
  const visit = (entry: Entry) => {
    if (entry.children.length) return entry.children.forEach(visit);
    for (const { look, from, to } of barsOf(entry)) if (look === "work") busy.push({ from, to: to ?? now });
  };
  tree.forEach(visit);
  return busy;
}

/** The keys to unfold so that a step's row is in sight. */
export function toUnfold(path: string): string[] {
  return around(path);
}

function isOpenAtFirst(entry: Entry, siblings: number): boolean {
  return turnOf(entry.key) === null ? entry.children.length <= OPEN_LOOP : siblings <= OPEN_TURNS;
}

/** The step that a turn consists of, where it is just one: both share a row. */
function onlyStepOf(entry: Entry, outline: Outline): Entry | null {
  const [only] = entry.children;
  if (turnOf(entry.key) === null || !only || entry.children.length > 1) return null;
  const loop = outline.get(nodeOf(entry.key));
  return loop && loop.holds.length > 1 ? null : only;
}

function rowOf(entry: Entry, shown: Entry, depth: number, isOpen: boolean | null, outline: Outline): TimelineRow {
  const turn = turnTitle(entry.key, outline);
  const id = nodeOf(shown.key);
  const isTurn = turn !== null && shown === entry;
  const naming = isTurn
    ? { label: turn, turn: null, kind: null, path: entry.key }
    : { label: nameOf(outline, id), turn, kind: kindOfStep(outline, id), path: shown.key };
  return {
    ...naming,
    key: shown.key,
    depth,
    status: shown.status,
    from: shown.from,
    to: shown.to,
    bars: barsOf(shown),
    attempts: shown.step?.attempts.filter(({ number }) => number > 0).length ?? 0,
    isOpen,
    turns: turnsOf(shown),
  };
}

/** "Item 3" of a list, "Round 3" of a repetition; null for what is no turn. */
function turnTitle(key: string, outline: Outline): string | null {
  const turn = turnOf(key);
  if (turn === null) return null;
  return `${kindOfStep(outline, nodeOf(key)) === "repeat" ? "Round" : "Item"} ${turn + 1}`;
}

function turnsOf({ children }: Entry): TimelineRow["turns"] {
  if (!children.some(({ key }) => turnOf(key) !== null)) return null;
  return { count: children.length, failed: children.filter(({ status }) => status === "failed").length };
}

/** Fills in what follows from what an entry holds, from the leaves up, and ends what the run's end cut off. */
function settle(entry: Entry, runEnd: number | null): void {
  for (const child of entry.children) settle(child, runEnd);
  if (entry.children.length) sumUp(entry);
  if (runEnd !== null && entry.from !== null) entry.to ??= Math.max(entry.from, runEnd);
}

function sumUp(entry: Entry): void {
  const { children } = entry;
  children.sort(inOrder);
  for (const child of children) {
    entry.order = Math.min(entry.order, child.order);
    if (child.from !== null && (entry.from === null || child.from < entry.from)) entry.from = child.from;
  }
  if (entry.step) return;
  entry.status = mostTelling(children.map(({ status }) => status));
  if (isSettled(entry.status)) entry.to = latest(children);
}

function latest(entries: readonly Entry[]): number | null {
  return entries.reduce<number | null>(
    (last, { to }) => (to !== null && (last === null || to > last) ? to : last),
    null,
  );
}

function inOrder(one: Entry, other: Entry): number {
  const turns = (turnOf(one.key) ?? 0) - (turnOf(other.key) ?? 0);
  if (turns) return turns;
  return (one.from ?? Infinity) - (other.from ?? Infinity) || one.order - other.order || 0;
}

function barsOf(entry: Entry): Bar[] {
  const { step, status, from, to } = entry;
  if (from === null || status === "skipped") return [];
  if (!step || entry.children.length) return [{ from, to, look: "frame", status, attempt: 0 }];
  const bars = step.attempts
    .filter(({ number }) => number > 0)
    .flatMap((attempt) =>
      barsOfAttempt(attempt, attempt.ended_at ?? to, attempt.ended_at === null ? status : attempt.status),
    );
  return withGaps(bars, status === "retrying");
}

/** Shows what lies between two attempts; `goesOn`: another attempt is to come. */
function withGaps(bars: readonly Bar[], goesOn: boolean): Bar[] {
  return bars.flatMap((bar, i) => {
    const next = bars[i + 1];
    const isPause = bar.to !== null && (next ? next.from > bar.to : goesOn);
    if (!isPause || bar.to === null) return [bar];
    const gap = {
      from: bar.to,
      to: next?.from ?? null,
      look: "gap",
      status: "waiting",
      attempt: bar.attempt + 1,
    } as const;
    return [bar, gap];
  });
}

function barsOfAttempt(attempt: Attempt, ended: number | null, status: ShownStatus): Bar[] {
  const begun = attempt.begun_at;
  if (begun === null) return [];
  const bars: Bar[] = [];
  let at = begun;
  const work = (to: number | null) => {
    if (to === null || to > at || !attempt.waits.length) {
      bars.push({ from: at, to, look: "work", status, attempt: attempt.number });
    }
  };
  for (const wait of attempt.waits) {
    work(wait.from);
    bars.push({ from: wait.from, to: wait.to ?? ended, look: "wait", status: "waiting", attempt: attempt.number });
    if (wait.to === null) return bars;
    at = wait.to;
  }
  work(ended);
  return bars;
}
