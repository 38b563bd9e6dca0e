/** Where a watched run comes from, and the adapter that asks the API for it. */
import type { api } from "@/client";
import { type Problem, problemOf, unwrap } from "@/client/problem";
import { messagesOf } from "@/client/event_stream";
import type { Run, RunDetail, RunEvent } from "./types";

/** One event, and the id to go on after it. */
export interface Told {
  event: RunEvent;
  id: string;
}

/** All calls throw Problem. */
export interface RunSource {
  load(runId: string, signal: AbortSignal): Promise<RunDetail>;
  /** The events after that id until the server ends the stream, which it does when the run is over. */
  events(runId: string, after: string, signal: AbortSignal): AsyncIterable<Told>;
  cancel(runId: string): Promise<Run>;
}

/** The server says something every 15 s, if only that it is still there. */
const QUIET_MS = 40_000;

/** The server behind the API's client. */
export function sourceOf(client: typeof api): RunSource {
  const at = (run_id: string) => ({ params: { path: { run_id } } });
  return {
    load: (runId, signal) => unwrap(client.GET("/api/v1/runs/{run_id}", { ...at(runId), signal })),
    cancel: (runId) => unwrap(client.POST("/api/v1/runs/{run_id}/cancel", at(runId))),
    async *events(runId, after, signal) {
      const headers = after ? { "Last-Event-ID": after } : undefined;
      const call = client.GET("/api/v1/runs/{run_id}/events", { ...at(runId), headers, signal, parseAs: "stream" });
      const body = await unwrap(call);
      if (!body) return;
      for await (const { event, data, id } of messagesOf(body as ReadableStream<Uint8Array>, QUIET_MS, after)) {
        if (event === "problem") throw problemFrom(data);
        if (event === "step" || event === "run") yield { event: JSON.parse(data) as RunEvent, id };
      }
    },
  };
}

function problemFrom(data: string): Problem {
  const body = JSON.parse(data) as { status?: number };
  return problemOf(body.status ?? 500, body);
}
