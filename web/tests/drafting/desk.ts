/** A draughtsman that says what a test tells it to, and when. */
import type { Drafting } from "@/drafting/store";
import type { Draft, Draughtsman, Request, Told } from "@/drafting/stream";

export const REQUEST: Request = { english: "Mail me the news", model: null, zone: "UTC", answers: [] };

type Step = Told | Error;

/** One stream that a test feeds. */
export class Feed {
  private readonly waiting: (Step | "end")[] = [];
  private wake: (() => void) | null = null;
  readonly asked: Request[] = [];
  signal: AbortSignal | null = null;

  readonly draw: Draughtsman = (request, signal) => this.told(request, signal);

  say(...steps: Step[]): void {
    this.waiting.push(...steps);
    this.wake?.();
  }

  end(): void {
    this.waiting.push("end");
    this.wake?.();
  }

  private async *told(request: Request, signal: AbortSignal): AsyncGenerator<Told> {
    this.asked.push(request);
    this.signal = signal;
    for (;;) {
      while (!this.waiting.length) await new Promise<void>((resolve) => (this.wake = resolve));
      const step = this.waiting.shift();
      if (step === undefined || step === "end") return;
      if (step instanceof Error) throw step;
      yield step;
    }
  }
}

export const text = (markdown: string): Told => ({ kind: "text", markdown });

export function draft(markdown: string): Told {
  const whole: Partial<Draft> = { markdown, flow: { nodes: [] }, findings: [], questions: [], drafted_by: "rules" };
  return { kind: "draft", draft: whole as Draft };
}

/** A reading whose one node names the text that was read. */
export async function readAloud(markdown: string): Promise<NonNullable<Drafting["reading"]>> {
  return { flow: { nodes: [{ id: markdown, type: "set@1" }] }, findings: [], places: {} };
}
