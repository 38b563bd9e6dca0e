/** Has the server read the text while it is being written: shortly after each edit, answers out of order dropped. */
import { asProblem, type Problem } from "@/client/problem";
import type { Reading } from "./types";

const PAUSE_MS = 150;
/** Someone who types without a pause still sees the canvas follow. */
const LONGEST_WAIT_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;

interface Options {
  read: (text: string, signal: AbortSignal) => Promise<Reading>;
  text: () => string;
  taken: (reading: Reading, text: string) => void;
  /** The server refuses to read this text; null: it reads again. */
  refused: (failure: Problem | null) => void;
}

export class Reader {
  private timer: ReturnType<typeof setTimeout> | null = null;
  private waitingSince: number | null = null;
  private sent: AbortController | null = null;
  private failures = 0;
  private isStopped = false;

  constructor(private readonly options: Options) {}

  /** The text has changed. Large texts are read less often. */
  touch(length: number): void {
    const now = Date.now();
    this.waitingSince ??= now;
    const pause = PAUSE_MS + Math.min(length / 400, 1_500);
    const rest = Math.max(0, LONGEST_WAIT_MS + pause - (now - this.waitingSince));
    this.schedule(Math.min(pause, rest));
  }

  /** Reads at once. */
  now(): void {
    if (!this.isStopped) void this.read();
  }

  /** The answer for the present text is there already: what is under way or waiting is not needed. */
  skip(): void {
    this.clear();
    this.sent?.abort();
    this.sent = null;
  }

  stop(): void {
    this.isStopped = true;
    this.skip();
  }

  private schedule(delay: number): void {
    if (this.timer) clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(() => void this.read(), delay);
  }

  private clear(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.waitingSince = null;
  }

  private async read(): Promise<void> {
    this.clear();
    this.sent?.abort();
    const call = new AbortController();
    this.sent = call;
    const text = this.options.text();
    try {
      const reading = await this.options.read(text, call.signal);
      if (call.signal.aborted) return;
      this.failures = 0;
      this.options.refused(null);
      this.options.taken(reading, text);
    } catch (why) {
      if (!call.signal.aborted) this.failed(asProblem(why));
    }
  }

  private failed(failure: Problem): void {
    const mayPass = failure.status === 0 || failure.status === 401 || failure.status === 429 || failure.status >= 500;
    if (!mayPass) {
      this.options.refused(failure);
      return;
    }
    const delay = Math.min(FIRST_RETRY_MS * 2 ** this.failures, LONGEST_RETRY_MS);
    this.failures++;
    if (!this.timer) this.schedule(delay);
  }
}
