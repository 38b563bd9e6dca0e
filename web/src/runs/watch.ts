/** Watches one run: loads it, follows its events, connects again when the connection is lost, until the run is over. */
import { asProblem, type Problem } from "@/client/problem";
import type { RunSource, Told } from "./source";
import { fold, NO_TRACE, type Trace } from "./trace";
import { isOver, type Run, type RunDetail, type RunEvent, type RunStep } from "./types";

/**
 * `loading`: nothing is known yet · `live`: following · `reconnecting`: the connection is lost, it is tried again ·
 * `over`: the run has ended and all of it is here · `failed`: it cannot be watched; `problem` says why.
 */
export type WatchState = "loading" | "live" | "reconnecting" | "over" | "failed";

/** A run as it is known now. */
export interface RunView extends Trace {
  run: Run | null;
  state: WatchState;
  problem: Problem | null;
}

export const NOT_LOADED: RunView = { ...NO_TRACE, run: null, state: "loading", problem: null };

/** Draws at most this often, however fast things happen. */
const DRAW_EVERY_MS = 60;
const SLOWEST_RETRY_MS = 8_000;

export class RunWatch {
  private view: RunView = NOT_LOADED;
  private readonly listeners = new Set<() => void>();
  private readonly stop = new AbortController();
  private pending: RunEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastId = "";
  /** What the run came to (tokens, cause, times) is known: events do not tell of it. */
  private isWhole = false;

  constructor(
    private readonly runId: string,
    private readonly source: RunSource,
    private readonly pauseMs = 1_000,
  ) {
    void this.follow();
  }

  get = (): RunView => this.view;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  close(): void {
    this.stop.abort();
    clearTimeout(this.timer);
    this.listeners.clear();
  }

  /** Ends the run for good. Throws Problem. */
  async cancel(): Promise<void> {
    const run = await this.source.cancel(this.runId);
    this.show({ run: { ...run, output: this.view.run?.output ?? null } });
  }

  /** What no event tells of: how a person dealt with a run that is over. Throws Problem. */
  async refresh(): Promise<void> {
    this.show({ run: parted(await this.source.load(this.runId, this.stop.signal)).run });
  }

  private async follow(): Promise<void> {
    for (let failures = 0; !this.isClosed;) {
      const seen = this.lastId;
      try {
        if (await this.followOnce()) return;
        failures = 0;
      } catch (why) {
        if (this.isClosed) return;
        this.flush();
        failures = this.lastId === seen ? failures + 1 : 1;
        const problem = asProblem(why);
        if (isFinal(problem)) return this.show({ state: "failed", problem });
        this.show({ state: this.view.run ? "reconnecting" : "loading", problem });
      }
      await this.pause(Math.min(SLOWEST_RETRY_MS, this.pauseMs * 2 ** Math.max(0, failures - 1)));
    }
  }

  /** Whether the run is over and all of it is here. */
  private async followOnce(): Promise<boolean> {
    const signal = this.stop.signal;
    const run = this.view.run ?? (await this.begin(signal));
    if (!isOver(run.status) || this.view.seq < run.steps) {
      for await (const told of this.source.events(this.runId, this.lastId, signal)) this.take(told);
      this.flush();
    }
    if (!this.view.run || !isOver(this.view.run.status)) return false;
    if (!this.isWhole) {
      const { run } = parted(await this.source.load(this.runId, signal));
      this.isWhole = true;
      this.show({ run });
    }
    this.show({ state: "over", problem: null, deltas: NO_TRACE.deltas });
    return true;
  }

  private async begin(signal: AbortSignal): Promise<Run> {
    const { run, journal } = parted(await this.source.load(this.runId, signal));
    const trace = fold(this.view, journal.map(eventOf));
    this.isWhole = isOver(run.status);
    this.lastId = trace.seq ? String(trace.seq) : "";
    this.show({ ...trace, run, state: "live", problem: null });
    return run;
  }

  private take({ event, id }: Told): void {
    this.lastId = id;
    this.pending.push(event);
    if (this.view.state !== "live") this.show({ state: "live", problem: null });
    this.timer ??= setTimeout(() => this.flush(), DRAW_EVERY_MS);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.pending.length) return;
    const events = this.pending;
    this.pending = [];
    this.show({ ...fold(this.view, events), run: events.reduce(withNews, this.view.run) });
  }

  private show(change: Partial<RunView>): void {
    if (this.isClosed) return;
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }

  private get isClosed(): boolean {
    return this.stop.signal.aborted;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.stop.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}

/** A journal row as the event that would have told of it. */
export function eventOf(row: RunStep): RunEvent {
  return { ...row, type: "step" };
}

function parted({ journal, ...run }: RunDetail): { run: Run; journal: RunStep[] } {
  return { run, journal };
}

/** The run with what an event tells of its own state. What the event leaves out is null. */
function withNews(run: Run | null, event: RunEvent): Run | null {
  if (!run || event.type !== "run") return run;
  const { ask = null, wake_at = null, output = null, failure = null, cost_usd, at = null } = event;
  const status = event.status as Run["status"];
  const finished_at = isOver(status) ? at : null;
  const started_at = run.started_at ?? (status === "running" ? at : null);
  return { ...run, status, ask, wake_at, output, failure, cost_usd: cost_usd ?? 0, started_at, finished_at };
}

/** Whether trying again would get the same answer. A session that has run out does not: the person signs in again. */
function isFinal({ status }: Problem): boolean {
  return status === 403 || status === 404 || status === 422;
}
