/**
 * The text of an open document: one CodeMirror state with one history, with or without a view that shows it. Bytes are
 * kept: lines end at LF only, nothing is normalised.
 */
import { history, isolateHistory, redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import {
  Compartment,
  EditorState,
  type Extension,
  StateEffect,
  type Text,
  Transaction,
  type TransactionSpec,
} from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { asChanges, difference, insertedRanges, type Replacement } from "./difference";
import { lineEnds } from "./line_ends";
import type { Range } from "./positions";

/** Asks the views to show the caret and take the focus. */
export const revealed = StateEffect.define<null>();

/** Marks the ranges that a change of the canvas has just written. */
export const flashed = StateEffect.define<Range[]>({
  map: (ranges, changes) => ranges.map(({ from, to }) => ({ from: changes.mapPos(from), to: changes.mapPos(to) })),
});

interface Options {
  text: string;
  readOnly: boolean;
  /** Whether a person's edit may make the text this long (UTF-16 units); false: the edit is not taken. */
  allowsLength: (length: number) => boolean;
}

type Listener = (transactions: readonly Transaction[]) => void;

export class TextCore {
  state: EditorState;
  private readonly views = new Set<EditorView>();
  private readonly listeners = new Set<Listener>();
  private readonly access = new Compartment();
  private readonly appearance = new Compartment();
  private spelled: { doc: Text; text: string } | null = null;

  constructor(private readonly options: Options) {
    this.state = EditorState.create({
      doc: options.text,
      extensions: [
        EditorState.lineSeparator.of("\n"),
        history(),
        this.access.of(EditorState.readOnly.of(options.readOnly)),
        this.appearance.of([]),
        EditorState.changeFilter.of((edit) => this.allows(edit)),
        lineEnds(),
      ],
    });
  }

  /** The text, byte for byte. */
  get text(): string {
    if (this.spelled?.doc !== this.state.doc) {
      this.spelled = { doc: this.state.doc, text: this.state.doc.sliceString(0) };
    }
    return this.spelled.text;
  }

  get canUndo(): boolean {
    return undoDepth(this.state) > 0;
  }

  get canRedo(): boolean {
    return redoDepth(this.state) > 0;
  }

  /** Shows the state in a view that was made with `state` and `dispatchTransactions` of this core. Gives the way out. */
  attach(view: EditorView): () => void {
    this.views.add(view);
    return () => this.views.delete(view);
  }

  /** Hears of every transaction, after the views have drawn it; a listener may dispatch. Gives the way out. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** How views look and behave. It is part of the state, so views of one document look the same. */
  dress(extension: Extension): void {
    this.dispatch({ effects: this.appearance.reconfigure(extension) });
  }

  setReadOnly(isReadOnly: boolean): void {
    this.dispatch({ effects: this.access.reconfigure(EditorState.readOnly.of(isReadOnly)) });
  }

  dispatch(spec: TransactionSpec): void {
    this.apply([this.state.update(spec)]);
  }

  /** Carries out transactions that begin at the present state, in every view. */
  apply(transactions: readonly Transaction[]): void {
    const last = transactions.at(-1);
    if (!last) return;
    for (const view of this.views) view.update(transactions);
    this.state = last.state;
    for (const listener of [...this.listeners]) listener(transactions);
  }

  /** Makes the text another one by its differences, as one step of the history. Gives what was replaced. */
  write(text: string, more: { event: string; isFlashed?: boolean }): Replacement[] {
    const replacements = difference(this.text, text);
    if (replacements.length === 0) return replacements;
    const ranges = insertedRanges(replacements);
    this.dispatch({
      changes: asChanges(replacements),
      effects: more.isFlashed ? flashed.of(ranges) : [],
      annotations: [isolateHistory.of("full"), Transaction.userEvent.of(more.event)],
    });
    return replacements;
  }

  /** Takes over a text from elsewhere: undo does not lead back behind it. */
  adopt(text: string): void {
    const changes = asChanges(difference(this.text, text));
    this.dispatch({ changes, annotations: [Transaction.addToHistory.of(false), Transaction.remote.of(true)] });
  }

  /** Puts the caret there, in sight. */
  reveal(at: number): void {
    const anchor = Math.min(at, this.state.doc.length);
    const effects = [revealed.of(null), EditorView.scrollIntoView(anchor, { y: "center" })];
    this.dispatch({ selection: { anchor }, effects, userEvent: "select" });
  }

  undo(): void {
    undo({ state: this.state, dispatch: (transaction) => this.apply([transaction]) });
  }

  redo(): void {
    redo({ state: this.state, dispatch: (transaction) => this.apply([transaction]) });
  }

  private allows(edit: Transaction): boolean {
    const isGrowing = edit.newDoc.length > edit.startState.doc.length;
    return !isGrowing || edit.annotation(Transaction.remote) === true || this.options.allowsLength(edit.newDoc.length);
  }
}
