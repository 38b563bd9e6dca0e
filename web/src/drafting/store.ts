/** One draft under way: its text as it grows, what the server reads in it, and the draft at the end. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { asProblem, isAbort, type Problem } from "@/client/problem";
import type { Reading } from "@/document";
import { pace } from "./pace";
import type { Draft, Draughtsman, Request } from "./stream";

export interface Drafting {
  /** `idle`: nothing was asked for; `drafting`: the text grows; `done`: `text` is whole; `failed`: `problem` says why. */
  phase: "idle" | "drafting" | "done" | "failed";
  text: string;
  /** What the newest text that could be read says: it may be a little older than `text` while that grows. */
  reading: Pick<Reading, "flow" | "findings" | "places"> | null;
  /** Null for a text that nobody drafted: a template. */
  draft: Draft | null;
  problem: Problem | null;
}

export interface DraftingStore extends StoreApi<Drafting> {
  /** Drafts anew; what was under way is given up. */
  start(request: Request): Promise<void>;
  /** Takes a text that is there already. */
  take(text: string): Promise<void>;
  /** Gives up what is under way, and what was drafted. */
  cancel(): void;
}

export interface Desk {
  draw: Draughtsman;
  read: (markdown: string, signal: AbortSignal) => Promise<NonNullable<Drafting["reading"]>>;
  /** People who want no motion see the text at once. */
  isInstant?: () => boolean;
}

const NOTHING: Drafting = { phase: "idle", text: "", reading: null, draft: null, problem: null };

export function createDrafting({ draw, read, isInstant = () => false }: Desk): DraftingStore {
  const store = createStore<Drafting>(() => NOTHING);
  let current = new AbortController();

  /** Ends what is under way; the signal of what comes instead. */
  const renew = () => {
    current.abort();
    current = new AbortController();
    return current.signal;
  };

  /** Reads texts one at a time, always the newest that waits. */
  const reader = (signal: AbortSignal) => {
    let wanted: string | null = null;
    let isBusy = false;
    const work = async () => {
      isBusy = true;
      while (wanted !== null && !signal.aborted) {
        const text: string = wanted;
        wanted = null;
        const reading = await read(text, signal).catch(() => null);
        if (reading?.flow && !signal.aborted && !store.getState().draft) store.setState({ reading });
      }
      isBusy = false;
    };
    return (text: string) => {
      wanted = text;
      if (!isBusy) void work();
    };
  };

  const start = async (request: Request) => {
    const signal = renew();
    const readSoon = reader(signal);
    const shown = pace((text) => {
      store.setState({ text });
      readSoon(text);
    }, isInstant());
    signal.addEventListener("abort", () => shown.stop());
    store.setState({ ...NOTHING, phase: "drafting" });
    try {
      for await (const told of draw(request, signal)) {
        if (signal.aborted) return;
        if (told.kind === "draft") return await finish(told.draft, shown.done(), signal);
        shown.add(told.markdown);
      }
      throw new Error("The draft broke off. Try again.");
    } catch (why) {
      if (signal.aborted || isAbort(why)) return;
      shown.stop();
      store.setState({ phase: "failed", problem: asProblem(why) });
    }
  };

  const finish = async (draft: Draft, shown: Promise<void>, signal: AbortSignal) => {
    const [whole] = await Promise.all([read(draft.markdown, signal).catch(() => null), shown]);
    if (signal.aborted) return;
    const drawn = { flow: draft.flow, findings: draft.findings ?? [], places: {} };
    store.setState({ phase: "done", text: draft.markdown, draft, reading: whole ?? drawn });
  };

  const take = async (text: string) => {
    const signal = renew();
    store.setState({ ...NOTHING, phase: "drafting", text });
    try {
      const reading = await read(text, signal);
      if (!signal.aborted) store.setState({ phase: "done", reading });
    } catch (why) {
      if (!signal.aborted) store.setState({ phase: "failed", problem: asProblem(why) });
    }
  };

  const cancel = () => {
    renew();
    store.setState(NOTHING, true);
  };

  return { ...store, start, take, cancel };
}
