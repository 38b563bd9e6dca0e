/** Changes of the canvas, written into the text by the server: one after the other, always against the newest text. */
import { asProblem, type Problem } from "@/client/problem";
import type { DocumentServer, EditedText } from "./server";
import type { Change, Finding } from "./types";

const TYPING_PAUSE_MS = 250;
const MOST_ATTEMPTS = 8;

/** A change that was not made. Message and next step are for people. */
export class ChangeRefused extends Error {
  constructor(
    message: string,
    readonly next_step: string | null = null,
    readonly findings: Finding[] = [],
  ) {
    super(message);
    this.name = "ChangeRefused";
  }
}

interface Options {
  server: DocumentServer;
  text: () => string;
  isReadOnly: () => boolean;
  /** Puts the result in the place of `before`, which is still the text. */
  written: (after: EditedText) => void;
  /** A change is under way, or none any more. */
  busy: (isBusy: boolean) => void;
}

export class CanvasChanges {
  private queue: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly options: Options) {}

  /** All of them as one step of the history; gives the step that the last one was about. */
  make(changes: Change[]): Promise<string | null> {
    this.waiting++;
    this.options.busy(true);
    const made = this.queue.then(() => this.carryOut(changes));
    this.queue = made.then(
      () => this.done(),
      () => this.done(),
    );
    return made;
  }

  private done(): void {
    this.waiting--;
    if (this.waiting === 0) this.options.busy(false);
  }

  private async carryOut(changes: Change[]): Promise<string | null> {
    if (this.options.isReadOnly()) {
      throw new ChangeRefused("This text can only be read.", "Open the agent itself to change it.");
    }
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const before = this.options.text();
      const after = await this.editedBy(before, changes);
      if (this.options.text() === before) {
        if (after) this.options.written(after);
        return after?.node ?? null;
      }
      // Somebody typed while the server worked: once more, with what stands there now.
      await new Promise((resolve) => setTimeout(resolve, TYPING_PAUSE_MS));
    }
    throw new ChangeRefused("The text kept changing meanwhile.", "Pause typing for a moment and try again.");
  }

  private async editedBy(before: string, changes: Change[]): Promise<EditedText | null> {
    let after: EditedText | null = null;
    try {
      for (const change of changes) after = await this.options.server.edit(after?.markdown ?? before, change);
    } catch (why) {
      throw refusalOf(asProblem(why));
    }
    return after;
  }
}

function refusalOf({ message, next_step, status, findings }: Problem): ChangeRefused {
  const hint = status === 0 ? "The change was not made. Try again when the connection is back." : next_step;
  return new ChangeRefused(message, hint, findings);
}
