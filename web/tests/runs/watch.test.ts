import { describe, expect, it } from "vitest";
import { Problem } from "@/client/problem";
import type { RunSource, Told } from "@/runs/source";
import type { Run, RunDetail, RunEvent, RunStep } from "@/runs/types";
import { RunWatch, type RunView } from "@/runs/watch";
import { at, row, runOf, said } from "./events";

/** A server whose connections do what a script says, one after the other. */
class Script implements RunSource {
  readonly asked: string[] = [];
  loads = 0;

  constructor(
    private readonly runs: (() => RunDetail)[],
    private readonly connections: ((after: string) => AsyncGenerator<Told>)[],
  ) {}

  async load(): Promise<RunDetail> {
    const next = this.runs[Math.min(this.loads, this.runs.length - 1)];
    this.loads += 1;
    if (!next) throw new Problem("There is no such run.", 404, "NotFound");
    return next();
  }

  async *events(_: string, after: string): AsyncGenerator<Told> {
    this.asked.push(after);
    const connection = this.connections[this.asked.length - 1];
    if (connection) yield* connection(after);
  }

  async cancel(): Promise<Run> {
    return runOf({ status: "cancelled", finished_at: at(9) });
  }
}

const told = (event: RunEvent, id = String(event.seq || "")): Told => ({ event, id });
const ended: Told = { event: { type: "run", status: "succeeded", seq: 2, at: at(2), output: "done" }, id: "2-end" };
const stepRow = (seq: number): RunStep => ({
  seq,
  path: `step-${seq}`,
  attempt: 1,
  status: "succeeded",
  outcome: null,
  output: null,
  failure: null,
  wake_at: null,
  idempotency_key: null,
  at: at(seq),
  took_ms: 1,
  source: "taken",
});
const whole = (more: Partial<RunDetail> = {}): RunDetail => ({
  ...runOf(),
  journal: [],
  waiting: [],
  children: [],
  ...more,
});

async function watched(source: RunSource, until: (view: RunView) => boolean): Promise<RunView> {
  const watch = new RunWatch("run", source, 1);
  try {
    return await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`It stayed ${JSON.stringify(watch.get())}.`)), 2_000);
      const look = () => {
        if (!until(watch.get())) return;
        clearTimeout(late);
        resolve(watch.get());
      };
      watch.subscribe(look);
      look();
    });
  } finally {
    watch.close();
  }
}

const isOver = ({ state }: RunView) => state === "over";

describe("watching a run", () => {
  it("follows it from its journal to its end, and then knows what it came to", async () => {
    const source = new Script(
      [
        () => whole({ steps: 1, journal: [stepRow(1)] }),
        () => whole({ status: "succeeded", tokens: 42, steps: 2, output: "done" }),
      ],
      [
        async function* () {
          yield told(row(2, "step-2", "succeeded"));
          yield ended;
        },
      ],
    );
    const view = await watched(source, isOver);
    expect(source.asked).toEqual(["1"]);
    expect([...view.steps.keys()]).toEqual(["step-1", "step-2"]);
    expect(view.run).toMatchObject({ status: "succeeded", tokens: 42, output: "done" });
  });

  it("asks for no events of a run that is over and all here", async () => {
    const source = new Script([() => whole({ status: "failed", steps: 1, journal: [stepRow(1)] })], []);
    const view = await watched(source, isOver);
    expect(source.asked).toEqual([]);
    expect(source.loads).toBe(1);
    expect(view.run?.status).toBe("failed");
  });

  it("takes the rest of a long journal from the events", async () => {
    const over = whole({ status: "succeeded", steps: 2, journal: [stepRow(1)] });
    const source = new Script(
      [() => over],
      [
        async function* () {
          yield told(row(2, "step-2", "succeeded"));
          yield ended;
        },
      ],
    );
    expect((await watched(source, isOver)).steps.size).toBe(2);
  });

  it("connects again where it left off when the connection breaks", async () => {
    const source = new Script(
      [() => whole(), () => whole({ status: "succeeded", steps: 2 })],
      [
        async function* () {
          yield told(row(1, "step-1", "succeeded"));
          throw new TypeError("network error");
        },
        async function* () {
          yield told(row(2, "step-2", "succeeded"));
          yield ended;
        },
      ],
    );
    const states = new Set<string>();
    const view = await watched(source, (now) => (states.add(now.state), isOver(now)));
    expect(source.asked).toEqual(["", "1"]);
    expect([...states]).toEqual(expect.arrayContaining(["live", "reconnecting", "over"]));
    expect(view.problem).toBeNull();
    expect(view.steps.size).toBe(2);
  });

  it("connects again when the server ends the stream too early", async () => {
    const source = new Script(
      [() => whole(), () => whole({ status: "succeeded" })],
      [
        async function* () {
          yield told(row(1, "step-1", "succeeded"));
        },
        async function* () {
          yield ended;
        },
      ],
    );
    await watched(source, isOver);
    expect(source.asked).toEqual(["", "1"]);
  });

  it("says that there is no such run, and asks no more", async () => {
    const source = new Script([], []);
    const view = await watched(source, ({ state }) => state === "failed");
    expect(view.problem?.message).toBe("There is no such run.");
    expect(source.loads).toBe(1);
  });

  it("shows what models say meanwhile", async () => {
    const source = new Script(
      [() => whole()],
      [
        async function* () {
          yield told(said("write", "Once "));
          yield told(said("write", "upon"));
          await new Promise((resolve) => setTimeout(resolve, 500));
        },
      ],
    );
    const view = await watched(source, ({ deltas }) => deltas.get("write") === "Once upon");
    expect(view.state).toBe("live");
  });
});
