/** What the two views of an open document share: the text, what the server reads in it, and the changes a canvas makes. */
import type { Schemas } from "@/client";

export type Spec = Schemas["Spec"];
export type Step = Schemas["Step"];
export type Flow = Schemas["Flow"];
export type FlowNode = Schemas["Node"];
export type FlowEdge = Schemas["Edge"];
export type Finding = Schemas["Finding"];
export type Kind = Schemas["Kind"];

/** Where a step stands in the text: lines from 1, both ends inclusive. */
export interface Place {
  line: number;
  end_line: number;
  tree_end_line: number;
  name_line: number;
  lane: "main" | "errors";
  /** The step that holds this one (`foreach` …), or null at the top. */
  holder: string | null;
  routes: { line: number; index: number }[];
}

/** When a trigger fires next, ISO 8601. */
export interface TriggerTimes {
  node: string;
  text: string;
  next: string[];
}

/** What the server reads in one text. `spec` and `flow` are null where the text cannot be read at all. */
export interface Reading {
  valid: boolean;
  spec: Spec | null;
  flow: Flow | null;
  findings: Finding[];
  places: Record<string, Place>;
  triggers: TriggerTimes[];
}

/** A new step as `add` takes it: the JSON form of a step; `name` and `uses` are needed. */
export type NewStep = { name: string; uses: string; id?: string; with?: Record<string, unknown> } & Record<
  string,
  unknown
>;

export type Lead = "then" | "if" | "when" | "otherwise" | "error" | "timeout";

/** One change on the canvas, as the API's `POST /specs/edit` takes it. */
export type Change =
  | { op: "set"; node: string | null; path: string | (string | number)[]; value?: unknown }
  | { op: "rename"; node: string; name: string }
  | {
      op: "add";
      step: NewStep;
      after?: string;
      before?: string;
      into?: string;
      lane?: "main" | "errors";
      connect?: { from: string; lead?: Lead; test?: string };
    }
  | { op: "delete"; node: string }
  | { op: "duplicate"; node: string }
  | { op: "move"; node: string; after?: string; before?: string; into?: string; lane?: "main" | "errors" }
  | { op: "connect"; from: string; to: string; lead?: Lead; test?: string }
  | { op: "disconnect"; from: string; to: string; lead?: Lead; test?: string }
  | { op: "condition"; node: string; route: number; test: string; lead?: Lead };

/** What went wrong in a call, for people: what happened and what to do. `status` 0: the server cannot be reached. */
export interface Failure {
  message: string;
  next_step: string | null;
  status: number;
  findings: Finding[];
}

/** How the text stands to what the server keeps. */
export type Saving = "saved" | "waiting" | "saving" | "offline" | "signed-out" | "conflict" | "failed";

/** What another hand stored while this document has edits of its own: nothing is overwritten until a person decides. */
export interface Conflict {
  text: string;
  revision: number;
  /** Who stored it, where the server says so. */
  by: string | null;
}

/** Something a person should hear about once: `restored`: edits that were kept in this browser are back; `too-long`: an
 *  edit was not taken because the text would pass the limit. */
export type Notice = "restored" | "too-long";

/** What is selected on both sides: a node's id (`trigger-1` too), or nothing. `from` is the side that chose it. */
export interface Selection {
  node: string | null;
  from: "text" | "canvas" | "elsewhere";
}

/** The state of an open document that views draw from. `useDocument(document, select)` reads it in React. */
export interface DocumentState {
  /** The text as it is now. */
  text: string;
  /** What the newest text that was read says; its `findings` belong to `read_text`. */
  reading: Reading | null;
  read_text: string;
  /** The last reading that had a flow: what the canvas draws. */
  drawn: Reading | null;
  /** The text cannot be read at present: `drawn` is older than it. */
  is_broken: boolean;
  /** A change is under way. */
  is_changing: boolean;
  saving: Saving;
  /** The text of the agent has arrived (always true for a text that was given). */
  is_loaded: boolean;
  /** Why loading or saving does not work, where trying again will not help by itself. */
  problem: Failure | null;
  conflict: Conflict | null;
  notice: Notice | null;
  selection: Selection;
  can_undo: boolean;
  can_redo: boolean;
}

/**
 * An open document. The text is the truth, held by one CodeMirror state with one history: typing and canvas changes are
 * both transactions on it, so undo and redo run across both views.
 */
export interface OpenDocument {
  get(): DocumentState;
  subscribe(listener: () => void): () => void;
  /** Writes a canvas change into the text through the server. Changes are carried out one after the other. Gives the id of
   *  the step concerned (a new step's id). Throws ChangeRefused, whose message and next step are for people. */
  change(change: Change): Promise<string | null>;
  /** Several changes as one step of the history. */
  changeAll(changes: Change[]): Promise<void>;
  select(node: string | null, from: Selection["from"]): void;
  /** Shows a place of the text (as findings name it) and puts the caret there. */
  reveal(line: number, column?: number): void;
  undo(): void;
  redo(): void;
  /** Replaces the whole text (as one step of the history). */
  replace(text: string): void;
  /** Saves now what is not saved yet. Resolves when the server has it; throws the Failure that is in the way. */
  save(): Promise<void>;
  /** Ends a conflict: `mine` stores this text over the other, `theirs` takes the other (one step of the history), a text
   *  (both of them merged) is taken and stored. */
  resolve(choice: "mine" | "theirs" | { text: string }): void;
  dismissNotice(): void;
  /** Asks the server again: for the text when loading failed, else for what others stored meanwhile. */
  reload(): Promise<void>;
  close(): void;
}
