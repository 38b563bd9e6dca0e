/** A draft as the server tells it while it grows. */
import type { api, Schemas } from "@/client";
import { problemOf, unwrap } from "@/client/problem";
import { messagesOf } from "@/client/event_stream";

export type Draft = Schemas["Draft"];

export interface Request {
  english: string;
  /** `provider:model`; null: rules draft. */
  model: string | null;
  /** The zone of times that name none. */
  zone: string;
  answers: Answer[];
}

/** A question that a draft asked, and what it was answered. */
export interface Answer {
  question: string;
  answer: string;
}

/** `text`: the whole document so far; `draft`: it is done. */
export type Told = { kind: "text"; markdown: string } | { kind: "draft"; draft: Draft };

/** Asks for drafts; what it gives ends with the draft. Throws Problem, or AbortError when it was cancelled. */
export type Draughtsman = (request: Request, signal: AbortSignal) => AsyncIterable<Told>;

/** A model that thinks before it writes says nothing for a while. */
const QUIET_MS = 180_000;

/** The server behind the API's client. */
export function draughtsmanOf(client: typeof api): Draughtsman {
  return async function* ({ english, model, zone, answers }, signal) {
    const call = client.POST("/api/v1/drafts", {
      body: { english, model, zone, answers },
      headers: { Accept: "text/event-stream" },
      parseAs: "stream",
      signal,
    });
    const body = (await unwrap(call as Promise<{ data?: unknown; response: Response }>)) as ReadableStream<Uint8Array>;
    yield* told(body);
  };
}

async function* told(body: ReadableStream<Uint8Array>): AsyncGenerator<Told> {
  for await (const { event, data } of messagesOf(body, QUIET_MS)) {
    const value: unknown = JSON.parse(data);
    if (event === "problem") throw problemOf((value as { status?: number }).status ?? 500, value);
    if (event === "text") yield { kind: "text", markdown: (value as { markdown: string }).markdown };
    if (event === "draft") yield { kind: "draft", draft: value as Draft };
  }
}
