import { useReactFlow } from "@xyflow/react";
import { useCallback } from "react";
import type { Change, OpenDocument } from "@/document";
import { toast } from "@/ui/toast";
import type { Outcome } from "./command";
import type { Graph } from "./graph";
import type { Layout } from "./layout/layout";
import type { Size } from "./layout/sizes";
import { type CanvasStore, IDLE } from "./state";
import { fitting } from "./view";

const CALM = { duration: 180 };

export interface Stageful {
  store: CanvasStore;
  graph: Graph;
  layout: Layout;
  pane: Size;
  document?: OpenDocument;
  /** Gives the keys back to the canvas. */
  focus: () => void;
  onSelect?: (node: string | null) => void;
  onOpen?: (node: string) => void;
}

type Handlers = { [Does in Outcome["does"]]: (outcome: Extract<Outcome, { does: Does }>) => unknown };

/** Carries out what commands and gestures come to. */
export function usePerform({ store, graph, layout, pane, document, focus, onSelect, onOpen }: Stageful) {
  const flow = useReactFlow();
  return useCallback(
    (outcome: Outcome) => {
      const handlers: Handlers = {
        change(wanted) {
          store.setState({ mode: IDLE, edge: null, hovered: null });
          focus();
          if (document) void change(document, wanted, onSelect);
        },
        mode({ mode }) {
          store.setState({ mode });
          if (mode.is === "idle" || mode.is === "connecting") focus();
        },
        select({ node }) {
          store.setState({ edge: null });
          onSelect?.(graph.nodes.find((one) => one.id === node)?.step ?? null);
          focus();
        },
        "select-edge": ({ edge }) => store.setState({ edge }),
        view({ view }) {
          store.setState({ isMoved: view !== "fit" });
          return look(flow, view, layout, pane);
        },
        history: ({ step }) => (step === "undo" ? document?.undo() : document?.redo()),
        open: ({ node }) => onOpen?.(node),
        nothing: () => undefined,
      };
      (handlers[outcome.does] as (outcome: Outcome) => unknown)(outcome);
    },
    [store, graph, layout, pane, document, focus, onSelect, onOpen, flow],
  );
}

async function change(
  document: OpenDocument,
  { changes, select }: { changes: Change[]; select?: string | null },
  onSelect?: (node: string | null) => void,
): Promise<void> {
  const [only, ...more] = changes;
  if (!only) return;
  try {
    const changed = more.length === 0 ? await document.change(only) : await document.changeAll(changes);
    if (select !== undefined) onSelect?.(select);
    else if (only.op === "duplicate" && typeof changed === "string") onSelect?.(changed);
  } catch (why) {
    toast.problem(why);
  }
}

type Flow = ReturnType<typeof useReactFlow>;

function look(flow: Flow, view: "fit" | "in" | "out", layout: Layout, pane: Size): Promise<boolean> {
  if (view === "in") return flow.zoomIn(CALM);
  if (view === "out") return flow.zoomOut(CALM);
  return flow.setViewport(fitting(layout, pane), CALM);
}
