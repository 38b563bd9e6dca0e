/**
 * Keeps the stored draft of an agent equal to the text: shortly after each edit, one call at a time, each naming the
 * revision it began from. What another hand has stored is never overwritten without a person's word.
 */
import { Text } from "@codemirror/state";
import { asProblem, Problem } from "@/client/problem";
import type { BackupStore } from "./backup";
import type { DocumentServer, StoredDraft } from "./server";
import type { Conflict, Failure, Saving } from "./types";

const PAUSE_MS = 800;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
const SIGN_IN_RETRY_MS = 3_000;
const MOST_UNANSWERED = 8;

interface Options {
  agentId: string;
  server: DocumentServer;
  backup: BackupStore;
  text: () => Text;
  /** The text of another tab or person, taken over because this one has no edits of its own. */
  take: (text: string) => void;
  /** The text that a person decided for, as an edit. */
  replace: (text: string) => void;
  /** `saving`, `problem` or `conflict` is another one. */
  changed: () => void;
  /** The server has a new revision from here. */
  stored: (revision: number) => void;
}

export class Autosave {
  saving: Saving = "saved";
  problem: Failure | null = null;
  conflict: Conflict | null = null;
  private revision = 0;
  private baseVersion: number | null = null;
  private saved: Text | null = null;
  /** What was sent and perhaps arrived, although no answer came back. */
  private unanswered: string[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private underWay: Promise<void> | null = null;
  private failures = 0;
  private isStopped = false;

  constructor(private readonly options: Options) {}

  /** The document shows this draft now; edits after it are to be stored. */
  begin(draft: Pick<StoredDraft, "revision" | "base_version">, text: Text): void {
    this.revision = draft.revision;
    this.baseVersion = draft.base_version;
    this.saved = text;
  }

  /** Whether the text has edits that the server is not known to have. */
  get isDirty(): boolean {
    return this.saved !== null && !this.saved.eq(this.options.text());
  }

  /** The text has changed. */
  touch(): void {
    if (this.saved === null || this.saving === "conflict") return;
    if (!this.isDirty) {
      if (!this.underWay) this.settle();
      return;
    }
    if (this.saving === "offline" || this.saving === "signed-out") this.keepBackup();
    else this.wait(PAUSE_MS, "waiting");
  }

  /** Stores what is not stored yet; throws what is in the way. */
  async save(last = false): Promise<void> {
    this.clearTimer();
    while (this.isDirty) {
      if (this.conflict)
        throw new Problem("Somebody else has changed this agent.", 409, "Conflict", "Decide which text stays.");
      this.underWay ??= this.store(last).finally(() => (this.underWay = null));
      await this.underWay;
    }
  }

  /** As `save`; what is in the way shows in `saving`. */
  trySave(last = false): void {
    if (last && this.isDirty) this.keepBackup();
    this.save(last).catch(() => undefined);
  }

  /** Whether another hand has stored something since; it is taken over where nothing is lost by that. */
  async look(): Promise<void> {
    if (this.saved === null || this.conflict || this.underWay || this.isDirty) return;
    const theirs = await this.options.server.load(this.options.agentId);
    if (theirs.revision !== this.revision && !this.underWay) this.meet(theirs);
  }

  resolve(choice: "mine" | "theirs" | { text: string }): void {
    const { conflict } = this;
    if (!conflict) return;
    this.conflict = null;
    this.revision = conflict.revision;
    this.saved = textOf(conflict.text);
    if (choice !== "mine") this.options.replace(choice === "theirs" ? conflict.text : choice.text);
    if (this.isDirty) this.wait(0, "waiting");
    else this.settle();
  }

  /** Two texts of the same agent stand against each other, neither of them stored over the other. */
  contest(theirs: StoredDraft): void {
    this.clearTimer();
    this.conflict = { text: theirs.markdown, revision: theirs.revision, by: theirs.updated_by };
    this.keepBackup();
    this.become("conflict");
  }

  stop(): void {
    this.trySave(true);
    this.isStopped = true;
    this.clearTimer();
  }

  private async store(last: boolean): Promise<void> {
    const doc = this.options.text();
    const markdown = doc.sliceString(0);
    this.become("saving");
    try {
      const draft = { markdown, revision: this.revision, base_version: this.baseVersion };
      const stored = await this.options.server.store(this.options.agentId, draft, last);
      this.begin(stored, doc);
      this.failures = 0;
      this.options.stored(stored.revision);
      if (this.isDirty) this.wait(PAUSE_MS, "waiting");
      else this.settle();
    } catch (why) {
      await this.failed(asProblem(why), markdown);
    }
  }

  /** Ends quietly where the conflict was none; else throws. */
  private async failed(failure: Problem, sent: string): Promise<void> {
    if (failure.status === 409) {
      const theirs = await this.options.server.load(this.options.agentId).catch(asProblem);
      if (!(theirs instanceof Problem)) {
        this.meet(theirs);
        return;
      }
      failure = theirs;
    }
    if (failure.status === 0 || failure.status >= 500)
      this.unanswered = [...this.unanswered, sent].slice(-MOST_UNANSWERED);
    this.keepBackup();
    this.retryLater(failure);
    throw failure;
  }

  private retryLater(failure: Problem): void {
    if (failure.status === 401) {
      this.wait(SIGN_IN_RETRY_MS, "signed-out");
    } else if (failure.status === 0 || failure.status === 429 || failure.status >= 500) {
      this.wait(Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LONGEST_RETRY_MS), "offline");
    } else {
      this.become("failed", failure);
    }
  }

  /** Another revision is stored than the one this text began from. */
  private meet(theirs: StoredDraft): void {
    const stored = textOf(theirs.markdown);
    const isKnown = this.saved?.eq(stored) || this.unanswered.includes(theirs.markdown);
    if (isKnown || stored.eq(this.options.text())) {
      this.begin(theirs, stored);
      if (this.isDirty) this.wait(0, "waiting");
      else this.settle();
    } else if (this.isDirty) {
      this.contest(theirs);
    } else {
      this.options.take(theirs.markdown);
      this.begin(theirs, this.options.text());
      this.settle();
    }
  }

  private settle(): void {
    this.clearTimer();
    this.failures = 0;
    this.unanswered = [];
    this.options.backup.drop();
    this.become("saved");
  }

  private keepBackup(): void {
    this.options.backup.keep({ text: this.options.text().sliceString(0), revision: this.revision });
  }

  private wait(delay: number, saving: Saving): void {
    this.clearTimer();
    if (!this.isStopped) this.timer = setTimeout(() => this.trySave(), delay);
    this.become(saving);
  }

  private clearTimer(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private become(saving: Saving, problem: Failure | null = null): void {
    if (saving === this.saving && problem === this.problem) return;
    this.saving = saving;
    this.problem = problem;
    this.options.changed();
  }
}

function textOf(markdown: string): Text {
  return Text.of(markdown.split("\n"));
}
