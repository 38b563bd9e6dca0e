import { useCallback, useSyncExternalStore } from "react";
import { api } from "@/client";
import { sourceOf } from "./source";
import { NOT_LOADED, RunWatch, type RunView } from "./watch";

/** One watch per run, whoever looks: browsers allow few connections to one server. */
const watches = new Map<string, { watch: RunWatch; users: number }>();
/** How long a run is kept after the last screen has let go of it: going from one to the next loads nothing twice. */
const KEPT_MS = 5_000;

/** The run as it is now, drawn anew as it goes on; `deltas` is what models say meanwhile, by path. */
export function useRun(runId: string | null): RunView {
  const subscribe = useCallback((listener: () => void) => (runId === null ? nothing : hold(runId, listener)), [runId]);
  const get = useCallback(
    () => (runId === null ? NOT_LOADED : (watches.get(runId)?.watch.get() ?? NOT_LOADED)),
    [runId],
  );
  return useSyncExternalStore(subscribe, get, () => NOT_LOADED);
}

/** Ends a run for good. Throws Problem. */
export async function cancelRun(runId: string): Promise<void> {
  const held = watches.get(runId);
  if (held) await held.watch.cancel();
  else await sourceOf(api).cancel(runId);
}

/** Asks for the run itself anew, where somebody looks at it. Throws Problem. */
export async function refreshRun(runId: string): Promise<void> {
  await watches.get(runId)?.watch.refresh();
}

function hold(runId: string, listener: () => void): () => void {
  const held = watches.get(runId) ?? { watch: new RunWatch(runId, sourceOf(api)), users: 0 };
  watches.set(runId, held);
  held.users += 1;
  const forget = held.watch.subscribe(listener);
  listener();
  return () => {
    forget();
    held.users -= 1;
    setTimeout(() => {
      if (held.users > 0 || watches.get(runId) !== held) return;
      watches.delete(runId);
      held.watch.close();
    }, KEPT_MS);
  };
}

function nothing(): void {}
