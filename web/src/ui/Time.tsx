import { useSyncExternalStore } from "react";
import { formatExact, formatRelative, formatSoon } from "./time";

/** A time in words that keep up with the clock; the exact time shows on hover. `soon`: for times to come in lists. */
export function Time({ at, soon, className }: { at: string; soon?: boolean; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={now ? formatExact(at) : undefined} className={className}>
      {now && (soon ? formatSoon(at, now) : formatRelative(at, now))}
    </time>
  );
}

let now: Date | null = null;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** The time, told anew every 15 seconds; null in the export, which has none. One clock for the whole page. */
export function useNow(): Date | null {
  return useSyncExternalStore(watch, current, () => null);
}

function current(): Date {
  now ??= new Date();
  return now;
}

function watch(listener: () => void): () => void {
  now = new Date();
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = new Date();
    for (const each of listeners) each();
  }, 15_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
