/** What the settings of one step share: the document, what is wrong, and how a change gets into it. */
import { createContext, useContext, useMemo } from "react";
import type { Change, Finding, OpenDocument } from "@/document";
import { asProblem } from "@/client/problem";
import type { Kinds, Name } from "./names";

export interface Editing {
  document: OpenDocument;
  /** The step whose settings these are; null: the document itself. */
  node: string | null;
  kinds: Kinds;
  /** What its expressions can use. */
  names: Name[];
  findings: Finding[];
  readOnly: boolean;
  /** Writes changes as one step of the history. Gives what is wrong with them, in words. */
  apply: (...changes: Change[]) => Promise<string | null>;
}

const Context = createContext<Editing | null>(null);
export const EditingProvider = Context.Provider;

export function useEditing(): Editing {
  const editing = useContext(Context);
  if (!editing) throw new Error("Settings need an <EditingProvider> around them.");
  return editing;
}

/** Applies changes to a document, with refusals as words. */
export function applying(document: OpenDocument): Editing["apply"] {
  return async (...changes) => {
    try {
      const [first] = changes;
      if (changes.length === 1 && first) await document.change(first);
      else if (changes.length) await document.changeAll(changes);
      return null;
    } catch (why) {
      const { message, next_step } = asProblem(why);
      return next_step ? `${message} ${next_step}` : message;
    }
  };
}

export type Path = (string | number)[];

/** Sets a value at a path of the step (or document); undefined takes it away. */
export function useSet(): (path: Path, value: unknown) => Promise<string | null> {
  const { node, apply } = useEditing();
  return useMemo(() => (path, value) => apply(setting(node, path, value)), [node, apply]);
}

/** The change that sets a value, or takes it away. */
export function setting(node: string | null, path: Path, value: unknown): Change {
  return value === undefined ? { op: "set", node, path } : { op: "set", node, path, value };
}

/** What the findings say of a field, and of what lies inside it. */
export function findingAt(findings: readonly Finding[], path: Path): string | null {
  const field = path.join(".");
  const found = findings.find((one) => one.field === field || one.field?.startsWith(`${field}.`));
  return found ? [found.message, found.next_step].filter(Boolean).join(" ") : null;
}
