/** An open document: its text, what the server reads in it, what the canvas changes in it, and its stored draft. */
import { api } from "@/client";
import { AgentDraft } from "./agent_draft";
import { backupIn, type BackupStore } from "./backup";
import { CanvasChanges } from "./canvas_changes";
import { offsetOf } from "./positions";
import { Reader } from "./reader";
import { type DocumentServer, MOST_CHARACTERS, serverOf } from "./server";
import { TextCore } from "./text_core";
import type { Change, DocumentState, Failure, Notice, OpenDocument, Reading, Selection } from "./types";

/** An agent's draft, which is kept stored; or a text that belongs to nobody. */
export type Source = { agentId: string; readOnly?: boolean } | { text: string; readOnly?: boolean };

/** What a document touches outside of itself. */
export interface Surroundings {
  server: DocumentServer;
  backupOf: (agentId: string) => BackupStore;
}

/** Opens a document. An agent's text arrives a little later: `is_loaded`. */
export function openDocument(source: Source, surroundings: Partial<Surroundings> = {}): OpenDocument {
  return new LiveDocument(source, {
    server: surroundings.server ?? serverOf(api),
    backupOf: surroundings.backupOf ?? ((agentId) => backupIn(localStorageIfAny(), agentId)),
  });
}

/** The text behind a document, for the views that draw and edit it. */
export function coreOf(document: OpenDocument): TextCore {
  if (!(document instanceof LiveDocument)) throw new TypeError("This is not a document of openDocument().");
  return document.core;
}

function localStorageIfAny(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

class LiveDocument implements OpenDocument {
  readonly core: TextCore;
  private readonly listeners = new Set<() => void>();
  private readonly reader: Reader;
  private readonly changes: CanvasChanges;
  private readonly draft: AgentDraft | null;
  private reading: Reading | null = null;
  private readText = "";
  private drawn: Reading | null = null;
  private isChanging = false;
  private unreadable: Failure | null = null;
  private notice: Notice | null = null;
  private selection: Selection = { node: null, from: "elsewhere" };
  private snapshot: DocumentState | null = null;

  constructor(source: Source, around: Surroundings) {
    const { server } = around;
    const isReadOnly = source.readOnly ?? false;
    this.core = new TextCore({
      text: "text" in source ? source.text : "",
      readOnly: isReadOnly || "agentId" in source,
      allowsLength: (length) => this.allows(length),
    });
    this.core.listen((transactions) => {
      if (transactions.some((transaction) => transaction.docChanged)) this.textChanged();
    });
    this.reader = new Reader({
      read: (text, signal) => server.read(text, signal),
      text: () => this.core.text,
      taken: (reading, text) => this.take(reading, text),
      refused: (failure) => {
        this.unreadable = failure;
        this.notify();
      },
    });
    this.changes = new CanvasChanges({
      server,
      text: () => this.core.text,
      isReadOnly: () => this.core.state.readOnly,
      written: ({ markdown, parsed }) => {
        this.core.write(markdown, { event: "canvas", isFlashed: true });
        this.reader.skip();
        this.take(parsed, markdown);
      },
      busy: (isBusy) => {
        this.isChanging = isBusy;
        this.notify();
      },
    });
    this.draft = "agentId" in source ? this.draftOf(source.agentId, isReadOnly, around) : null;
    if (!this.draft) this.reader.now();
  }

  get(): DocumentState {
    return (this.snapshot ??= this.present());
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(change: Change): Promise<string | null> {
    return this.changes.make([change]);
  }

  async changeAll(changes: Change[]): Promise<void> {
    await this.changes.make(changes);
  }

  select(node: string | null, from: Selection["from"]): void {
    if (node === this.selection.node && from === this.selection.from) return;
    this.selection = { node, from };
    this.notify();
  }

  reveal(line: number, column = 1): void {
    this.core.reveal(offsetOf(this.core.state.doc, line, column));
  }

  undo(): void {
    this.core.undo();
  }

  redo(): void {
    this.core.redo();
  }

  replace(text: string): void {
    this.core.write(text, { event: "replace" });
  }

  async save(): Promise<void> {
    await this.draft?.save();
  }

  resolve(choice: "mine" | "theirs" | { text: string }): void {
    this.draft?.resolve(choice);
  }

  dismissNotice(): void {
    this.setNotice(null);
  }

  async reload(): Promise<void> {
    await this.draft?.reload();
  }

  close(): void {
    this.draft?.close();
    this.reader.stop();
  }

  private present(): DocumentState {
    const { core, draft } = this;
    return {
      // Large texts are spelled out only for those who ask.
      get text() {
        return core.text;
      },
      reading: this.reading,
      read_text: this.readText,
      drawn: this.drawn,
      is_broken: this.reading !== null && this.reading.flow === null,
      is_changing: this.isChanging,
      saving: draft?.saving ?? "saved",
      is_loaded: draft?.isLoaded ?? true,
      problem: draft?.problem ?? this.unreadable,
      conflict: draft?.conflict ?? null,
      notice: this.notice,
      selection: this.selection,
      can_undo: core.canUndo,
      can_redo: core.canRedo,
    };
  }

  private notify(): void {
    this.snapshot = null;
    for (const listener of [...this.listeners]) listener();
  }

  private draftOf(agentId: string, isReadOnly: boolean, { server, backupOf }: Surroundings): AgentDraft {
    return new AgentDraft({
      agentId,
      isReadOnly,
      server,
      backup: backupOf(agentId),
      core: this.core,
      changed: () => this.notify(),
      arrived: () => this.reader.now(),
      restored: () => this.setNotice("restored"),
    });
  }

  private textChanged(): void {
    this.reader.touch(this.core.state.doc.length);
    this.draft?.touch();
    this.notify();
  }

  private take(reading: Reading, text: string): void {
    this.reading = reading;
    this.readText = text;
    if (reading.flow) this.drawn = reading;
    const { node } = this.selection;
    if (node !== null && reading.flow && !isIn(reading, node)) this.selection = { node: null, from: "elsewhere" };
    this.notify();
  }

  private setNotice(notice: Notice | null): void {
    if (notice === this.notice) return;
    this.notice = notice;
    this.notify();
  }

  private allows(length: number): boolean {
    if (length <= MOST_CHARACTERS) return true;
    // Not within the transaction that is being refused.
    queueMicrotask(() => this.setNotice("too-long"));
    return false;
  }
}

function isIn(reading: Reading, node: string): boolean {
  return node in reading.places || reading.triggers.some((trigger) => trigger.node === node);
}
