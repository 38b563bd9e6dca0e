/** The stored draft behind a document: loads it, keeps it saved, and brings back what this browser kept of it. */
import { asProblem } from "@/client/problem";
import { Autosave } from "./autosave";
import type { BackupStore } from "./backup";
import { onPageEvents, type Tabs, tabsOf } from "./page";
import type { DocumentServer, StoredDraft } from "./server";
import type { TextCore } from "./text_core";
import type { Conflict, Failure, Saving } from "./types";

const LOAD_RETRY_MS = 2_000;

interface Options {
  agentId: string;
  isReadOnly: boolean;
  server: DocumentServer;
  backup: BackupStore;
  core: TextCore;
  /** Something that this shows is another one. */
  changed: () => void;
  /** The text is there. */
  arrived: () => void;
  /** Edits that were only in this browser are back. */
  restored: () => void;
}

export class AgentDraft {
  isLoaded = false;
  private loadProblem: Failure | null = null;
  private readonly autosave: Autosave;
  private readonly tabs: Tabs;
  private readonly leavePage: () => void;
  private isClosed = false;

  constructor(private readonly options: Options) {
    const { agentId, server, backup, core, changed } = options;
    this.tabs = tabsOf(agentId, () => this.look());
    this.autosave = new Autosave({
      agentId,
      server,
      backup,
      text: () => core.state.doc,
      take: (text) => core.adopt(text),
      replace: (text) => core.write(text, { event: "replace" }),
      changed,
      stored: () => this.tabs.tell(),
    });
    this.leavePage = onPageEvents({
      left: () => this.autosave.trySave(),
      going: () => this.autosave.trySave(true),
      back: () => this.look(),
      online: () => this.autosave.trySave(),
    });
    void this.load();
  }

  get saving(): Saving {
    return this.autosave.saving;
  }

  get conflict(): Conflict | null {
    return this.autosave.conflict;
  }

  get problem(): Failure | null {
    return this.loadProblem ?? this.autosave.problem;
  }

  /** The text has changed. */
  touch(): void {
    if (!this.options.isReadOnly) this.autosave.touch();
  }

  save(): Promise<void> {
    return this.autosave.save();
  }

  resolve(choice: "mine" | "theirs" | { text: string }): void {
    this.autosave.resolve(choice);
  }

  async reload(): Promise<void> {
    await (this.isLoaded ? this.autosave.look() : this.load());
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.autosave.stop();
    this.leavePage();
    this.tabs.close();
  }

  /** A look that fails is no news: the next save tells. */
  private look(): void {
    this.autosave.look().catch(() => undefined);
  }

  private async load(): Promise<void> {
    try {
      const draft = await this.options.server.load(this.options.agentId);
      if (!this.isClosed && !this.isLoaded) this.begin(draft);
    } catch (why) {
      this.loadFailed(asProblem(why));
    }
  }

  private loadFailed(problem: Failure): void {
    if (this.isClosed) return;
    this.loadProblem = problem;
    this.options.changed();
    const mayPass = problem.status === 0 || problem.status === 401 || problem.status >= 500;
    if (mayPass) setTimeout(() => this.isLoaded || this.isClosed || void this.load(), LOAD_RETRY_MS);
  }

  private begin(draft: StoredDraft): void {
    const { core, isReadOnly, arrived, changed } = this.options;
    core.adopt(draft.markdown);
    this.isLoaded = true;
    this.loadProblem = null;
    this.autosave.begin(draft, core.state.doc);
    if (!isReadOnly) {
      core.setReadOnly(false);
      this.restore(draft);
    }
    arrived();
    changed();
  }

  /** What this browser kept comes back as an edit, so that one undo leads to what is stored. */
  private restore(draft: StoredDraft): void {
    const { backup, core, restored } = this.options;
    const kept = backup.get();
    if (!kept) return;
    if (kept.text === draft.markdown) {
      backup.drop();
      return;
    }
    core.write(kept.text, { event: "restore" });
    if (kept.revision !== draft.revision) this.autosave.contest(draft);
    restored();
  }
}
