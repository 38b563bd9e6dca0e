/** What the parts of one canvas share beside the graph: each part reads the piece it shows, so that the rest stays as it is. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Finding, Lead } from "@/document/types";
import type { Wanted } from "./changes";
import type { Outcome, Situation } from "./command";

/** How a step of a run is. */
export interface StepState {
  status: string;
  attempt?: number;
  took_ms?: number | null;
  cost_usd?: number | null;
  items?: { done: number; total?: number; failed: number };
}

/** What the findings of one step come to. */
export interface Mark {
  severity: "error" | "warning";
  text: string;
}

/** Where a new step goes, as the palette that asks for its kind was opened. */
export interface Spot {
  /** After this node; null: at the end. */
  after: string | null;
  /** Into this arrow. */
  edge?: string;
  /** Into this frame, as its last step. */
  into?: string;
  /** For when the step fails. */
  isError?: boolean;
}

/** What the person is at on the canvas. */
export type Mode =
  | { is: "idle" }
  | { is: "renaming"; node: string }
  | { is: "choosing-kind"; spot: Spot; at: { x: number; y: number } | null }
  | { is: "naming-step"; spot: Spot; at: { x: number; y: number } | null; wanted: Wanted }
  | { is: "connecting"; from: string; to: string | null }
  | {
      is: "choosing-route";
      from: string;
      to: string | null;
      lead: Lead;
      test: string;
      step?: Wanted;
    }
  | { is: "editing-label"; edge: string }
  | { is: "help" };

export interface CanvasState {
  selected: string | null;
  /** An arrow that is selected, by its id on the canvas. */
  edge: string | null;
  statuses: Readonly<Record<string, StepState>>;
  marks: Readonly<Record<string, Mark>>;
  mode: Mode;
  isEditable: boolean;
  /** What commands decide from; null while nothing is drawn. */
  situation: Situation | null;
  /** The person has moved the view, so that it is not put elsewhere without need. */
  isMoved: boolean;
  /** The arrow under the pointer. */
  hovered: string | null;
  /** Carries out what a command or a gesture comes to. */
  perform: (outcome: Outcome) => void;
}

export type CanvasStore = StoreApi<CanvasState>;

export const IDLE: Mode = { is: "idle" };

export function createCanvasStore(): CanvasStore {
  return createStore<CanvasState>(() => ({
    selected: null,
    edge: null,
    statuses: {},
    marks: {},
    mode: IDLE,
    isEditable: false,
    situation: null,
    isMoved: false,
    hovered: null,
    perform: () => undefined,
  }));
}

const Context = createContext<CanvasStore | null>(null);

export const CanvasStoreProvider = Context.Provider;

export function useCanvasStore(): CanvasStore {
  const store = useContext(Context);
  if (!store) throw new Error("This part of the canvas stands outside of <Canvas>.");
  return store;
}

/** A piece of the canvas's state. */
export function useCanvas<T>(select: (state: CanvasState) => T): T {
  return useStore(useCanvasStore(), select);
}

/** One mark per step: the gravest finding, and how many there are. */
export function marksOf(findings: readonly Finding[]): Record<string, Mark> {
  const byStep = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.node) byStep.set(finding.node, [...(byStep.get(finding.node) ?? []), finding]);
  }
  const marks: Record<string, Mark> = {};
  for (const [node, list] of byStep) {
    const first = list.find((finding) => finding.severity !== "warning") ?? list[0];
    if (!first) continue;
    const more = list.length > 1 ? ` And ${list.length - 1} more.` : "";
    marks[node] = { severity: first.severity ?? "error", text: first.message + more };
  }
  return marks;
}
