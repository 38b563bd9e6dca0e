/** Events and runs for the tests, as the API sends them. */
import type { Flow } from "@/document/types";
import type { Run, RunEvent } from "@/runs/types";

/** Seconds after the run was made. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 2, 1, 8, 30) + seconds * 1000).toISOString();
}

/** A journal row. */
export function row(seq: number, path: string, status: string, more: Partial<RunEvent> = {}): RunEvent {
  return { type: "step", seq, path, status, attempt: 1, at: at(seq), ...more };
}

/** What passes: a step begins. */
export function begun(path: string, attempt: number, when: string): RunEvent {
  return { type: "step", status: "running", path, attempt, at: when };
}

/** What passes: a piece of a model's answer. */
export function said(path: string, delta: string): RunEvent {
  return { type: "step", status: "running", path, attempt: 1, delta };
}

export function runOf(more: Partial<Run> = {}): Run {
  return {
    id: "01900000-0000-7000-8000-000000000001",
    agent_id: "01900000-0000-7000-8000-000000000002",
    agent: { id: "01900000-0000-7000-8000-000000000002", name: "Morning news", slug: "morning-news" },
    version_id: "01900000-0000-7000-8000-000000000003",
    version: 1,
    status: "running",
    cause: null,
    trigger: { kind: "manual" },
    inputs: {},
    output: null,
    failure: null,
    ask: null,
    created_at: at(0),
    started_at: at(0),
    finished_at: null,
    wake_at: null,
    deadline_at: null,
    took_ms: null,
    steps: 0,
    tokens: 0,
    cost_usd: 0,
    origin_run_id: null,
    origin_step: null,
    parent_run_id: null,
    parent_path: null,
    canary: false,
    resolved_at: null,
    resolution: null,
    ...more,
  };
}

/** A flow with a loop over two steps, a loop over one, and a step that is tried again. */
export const FLOW: Flow = {
  nodes: [
    { id: "fetch", type: "http@1", name: "Fetch the page", retry: { times: 2 } },
    {
      id: "each",
      type: "foreach@1",
      name: "For each post",
      config: {
        flow: {
          nodes: [
            { id: "read", type: "http@1", name: "Read it" },
            { id: "rate", type: "llm@1", name: "Rate it" },
          ],
        },
      },
    },
    {
      id: "poll",
      type: "repeat@1",
      name: "Ask until done",
      config: { flow: { nodes: [{ id: "ask", type: "http@1" }] } },
    },
  ],
};
