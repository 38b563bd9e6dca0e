/** Documents opened against the wire's double, with time that passes when a test says so. */
import { afterEach, beforeEach, vi } from "vitest";
import { openDocument, type OpenDocument } from "@/document";
import { backupIn } from "@/document/backup";
import { coreOf } from "@/document/open_document";
import type { Wire } from "./wire";

const AGENT = "0192";
/** What the browser's storage holds. */
export const kept = new Map<string, string>();
let opened: OpenDocument[] = [];

/** Has each test of a file begin afresh and end closed. */
export function clearDesk(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    kept.clear();
    opened = [];
  });
  afterEach(() => {
    for (const document of opened) document.close();
    vi.useRealTimers();
  });
}

const storage = {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
} as Storage;

export const backup = backupIn(storage, AGENT);

/** Opens the agent that the wire knows; its text has arrived. */
export async function open(wire: Wire): Promise<OpenDocument> {
  const around = { server: wire.server(), backupOf: (agentId: string) => backupIn(storage, agentId) };
  const document = openDocument({ agentId: AGENT }, around);
  opened.push(document);
  await pass(50);
  return document;
}

/** Lets time and all answers pass. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Types as a person does, at the end. */
export function type(document: OpenDocument, text: string): void {
  const core = coreOf(document);
  core.dispatch({ changes: { from: core.state.doc.length, insert: text }, userEvent: "input.type" });
}
