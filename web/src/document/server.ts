/** What an open document asks of the server, and the adapter that asks it over the API. */
import type { api, Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import type { Change, Reading } from "./types";

/** The server keeps no text longer than this (Unicode characters). */
export const MOST_CHARACTERS = 1_048_576;

/** The stored draft of an agent. `revision` 0: nothing is stored yet, the text is that of the newest version. */
export interface StoredDraft {
  markdown: string;
  revision: number;
  base_version: number | null;
  updated_by: string | null;
}

/** The text after one change, what it says, and the step concerned. */
export interface EditedText {
  markdown: string;
  node: string | null;
  parsed: Reading;
}

/** All calls throw Problem. */
export interface DocumentServer {
  read(markdown: string, signal?: AbortSignal): Promise<Reading>;
  edit(markdown: string, change: Change): Promise<EditedText>;
  load(agentId: string): Promise<StoredDraft>;
  /** Throws with status 409 when the stored revision is another one. `last`: the page is about to go. */
  store(agentId: string, draft: NewDraft, last?: boolean): Promise<StoredDraft>;
}

export interface NewDraft {
  markdown: string;
  revision: number;
  base_version: number | null;
}

/** A browser sends at most this much after its page is gone. */
const MOST_KEEPALIVE_BYTES = 60_000;

/** The server behind the API's client. */
export function serverOf(client: typeof api): DocumentServer {
  return {
    async read(markdown, signal) {
      return readingOf(await unwrap(client.POST("/api/v1/specs/parse", { body: { markdown }, signal })));
    },
    async edit(markdown, change) {
      const { parsed, ...edited } = await unwrap(client.POST("/api/v1/specs/edit", { body: { markdown, change } }));
      return { markdown: edited.markdown, node: edited.node, parsed: readingOf(parsed) };
    },
    async load(agentId) {
      return draftOf(await unwrap(client.GET("/api/v1/agents/{agent_id}/draft", at(agentId))));
    },
    async store(agentId, draft, last = false) {
      const keepalive = last && new Blob([draft.markdown]).size < MOST_KEEPALIVE_BYTES;
      const call = client.PUT("/api/v1/agents/{agent_id}/draft", { ...at(agentId), body: draft, keepalive });
      return draftOf(await unwrap(call));
    },
  };
}

function at(agent_id: string) {
  return { params: { path: { agent_id } } };
}

function draftOf({ markdown, revision, base_version, updated_by }: Schemas["AgentDraft"]): StoredDraft {
  return { markdown, revision, base_version, updated_by: updated_by?.name ?? null };
}

function readingOf({ valid, spec, flow, findings, places, triggers }: Schemas["Parsed"]): Reading {
  return { valid, spec, flow, findings, places: places as Reading["places"], triggers };
}
