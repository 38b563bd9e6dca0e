/** Whether the server can be reached. A call that got no answer raises the suspicion; only `/healthz` settles it. */
import { create } from "zustand";

interface Connection {
  isDown: boolean;
  /** It is being asked right now. */
  isAsking: boolean;
}

export const useConnection = create<Connection>(() => ({ isDown: false, isAsking: false }));

const FIRST_MS = 1_000;
const LONGEST_MS = 10_000;
const PATIENCE_MS = 5_000;

const returned = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let pause = FIRST_MS;

/** Calls `listener` each time the server is back; gives the way out. */
export function onReturn(listener: () => void): () => void {
  returned.add(listener);
  return () => returned.delete(listener);
}

/** A call got no answer. */
export function suspectDown(): void {
  if (!useConnection.getState().isDown) void askServer();
}

/** Asks whether the server lives, and goes on asking until it does. */
export async function askServer(): Promise<void> {
  if (useConnection.getState().isAsking) return;
  clearTimeout(timer);
  useConnection.setState({ isAsking: true });
  const lives = await isAlive();
  const wasDown = useConnection.getState().isDown;
  useConnection.setState({ isAsking: false, isDown: !lives });
  if (!lives) {
    timer = setTimeout(() => void askServer(), pause);
    pause = Math.min(pause * 1.5, LONGEST_MS);
    return;
  }
  pause = FIRST_MS;
  if (wasDown) for (const listener of returned) listener();
}

async function isAlive(): Promise<boolean> {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}
