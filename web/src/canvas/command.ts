/** What a command of the canvas is, what it decides from and what it comes to. */
import type { Change } from "@/document/types";
import type { Graph, GraphEdge, GraphNode, Kinds } from "./graph";
import type { Layout } from "./layout/layout";
import type { Outline } from "./outline";
import type { Mode } from "./state";

/** What commands decide from. */
export interface Situation {
  graph: Graph;
  layout: Layout;
  /** Null where nothing can be changed: read only, or a text that cannot be read. */
  outline: Outline | null;
  kinds: Kinds;
  selected: GraphNode | null;
  edge: GraphEdge | null;
  mode: Mode;
  canUndo: boolean;
  canRedo: boolean;
}

/** What a command comes to. The canvas carries it out. */
export type Outcome =
  | {
      does: "change";
      changes: Change[];
      /** What is selected then: the new step, or what stands beside a deleted one. Left out, the selection stays. */
      select?: string | null;
    }
  | { does: "mode"; mode: Mode }
  | { does: "select"; node: string | null }
  | { does: "select-edge"; edge: string | null }
  | { does: "view"; view: "fit" | "in" | "out" }
  | { does: "history"; step: "undo" | "redo" }
  | { does: "open"; node: string }
  | { does: "nothing" };

/** One thing that can be done. */
export interface Command {
  id: string;
  title: string;
  /** As `Kbd` writes them; the first is the one that is shown. */
  keys: string[];
  group: "Go" | "Change" | "View";
  when(situation: Situation): boolean;
  perform(situation: Situation): Outcome;
}

/** A situation in which the document can be changed. */
export type Editable = Situation & { outline: Outline };
