/** What a flow says about its steps, at hand by id: those within loops and groups too. */
import type { Flow, FlowNode } from "@/document/types";

export interface Outlined {
  node: FlowNode;
  /** The steps it holds, by id, in order; empty for a step that holds none. */
  holds: readonly string[];
  /** How often it is tried again, and after which kinds of failure. */
  retry: { times: number; on: readonly string[] };
}

export type Outline = ReadonlyMap<string, Outlined>;

const RETRIED = ["retry", "timeout"];

/** The steps of a flow by id. Of two with the same id the first counts. */
export function outlineOf(flow: Flow | null | undefined): Outline {
  const outline = new Map<string, Outlined>();
  const enter = (nodes: readonly FlowNode[]) => {
    for (const node of nodes) {
      const inner = innerNodes(node);
      const retry = node.retry ?? flow?.defaults?.retry;
      if (!outline.has(node.id)) {
        const policy = { times: retry ? (retry.times ?? 3) : 0, on: retry?.on ?? RETRIED };
        outline.set(node.id, { node, holds: inner.map(({ id }) => id), retry: policy });
      }
      enter(inner);
    }
  };
  enter(flow?.nodes ?? []);
  return outline;
}

/** What people call a step. */
export function nameOf(outline: Outline, id: string): string {
  return outline.get(id)?.node.name || id;
}

/** A step's kind without its version: `http`. */
export function kindOfStep(outline: Outline, id: string): string {
  return (outline.get(id)?.node.type ?? "").split("@")[0] ?? "";
}

function innerNodes(node: FlowNode): readonly FlowNode[] {
  const flow = node.config?.flow;
  if (typeof flow !== "object" || flow === null) return [];
  return (flow as Flow).nodes ?? [];
}
