/** Shows texts one after the other at a pace that eyes can follow, however quickly they come. */

/** The time between two texts, and how long all that are waiting may take together. */
const STEP_MS = 90;
const MOST_MS = 900;

export interface Pace {
  /** Shows this text when its turn comes. */
  add(text: string): void;
  /** Resolves when every text was shown. */
  done(): Promise<void>;
  /** Shows nothing more. */
  stop(): void;
}

/** `show` is called with each text in order. `isInstant`: without a pause, for people who want no motion. */
export function pace(show: (text: string) => void, isInstant = false): Pace {
  const waiting: string[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  let finish: (() => void)[] = [];

  const next = () => {
    timer = null;
    const text = waiting.shift();
    if (text !== undefined) show(text);
    if (waiting.length) timer = setTimeout(next, Math.min(STEP_MS, MOST_MS / waiting.length));
    else for (const tell of finish.splice(0)) tell();
  };

  return {
    add(text) {
      if (isInstant) return show(text);
      waiting.push(text);
      timer ??= setTimeout(next, 0);
    },
    done: () => (timer === null ? Promise.resolve() : new Promise((resolve) => finish.push(resolve))),
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      waiting.length = 0;
      for (const tell of finish.splice(0)) tell();
      finish = [];
    },
  };
}
