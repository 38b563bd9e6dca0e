import { useEffect, useMemo, useState } from "react";
import type { Graph } from "../graph";
import { layOut, type Direction, type Layout } from "./layout";
import type { LayoutTask } from "./layout.worker";

/** Up to this many nodes a layout takes less than a frame, so it is there with the drawing. More go to a worker. */
const AT_ONCE = 150;
/** The first layout may take longer: nothing is drawn yet that could stand still, and starting a worker takes as long. */
const AT_ONCE_AT_FIRST = 600;

export interface LaidOut {
  graph: Graph;
  layout: Layout;
}

/** The graph with its layout. While a large one is worked on, the one before stays; null until there is a first. */
export function useLayout(graph: Graph, direction: Direction): LaidOut | null {
  const shape = useMemo(() => shapeOf(graph), [graph]);
  const [large, setLarge] = useState<Large | null>(null);
  const isSmall = graph.nodes.length <= (large === null ? AT_ONCE_AT_FIRST : AT_ONCE);
  const small = useMemo(
    () => (isSmall ? { graph, layout: layOut(graph, direction) } : null),
    [isSmall, graph, direction],
  );
  const isKnown = large?.shape === shape && large.layout.direction === direction;
  if (small && graph.nodes.length > AT_ONCE) setLarge({ ...small, shape });
  else if (!small && isKnown && large.graph !== graph) setLarge({ ...large, graph });

  const isThere = small !== null || isKnown;
  useEffect(() => {
    if (!isThere) return ask(graph, direction, (layout) => setLarge({ graph, layout, shape }));
  }, [isThere, graph, direction, shape]);

  return small ?? large;
}

/** A graph that differs from it only in words that take no room keeps its layout. */
type Large = LaidOut & { shape: string };

/** What a layout depends on, as a text to compare. */
function shapeOf(graph: Graph): string {
  const nodes = graph.nodes.map((node) => `${node.id}\t${node.shape}\t${node.parent}\t${node.lane}`);
  const edges = graph.edges.map((edge) => `${edge.id}\t${edge.label}`);
  return [...nodes, ...edges].join("\n");
}

let worker: Worker | null = null;
let tasks = 0;

/** Has the worker lay out a graph. Gives back how to lose interest in the answer. */
function ask(graph: Graph, direction: Direction, answer: (layout: Layout) => void): () => void {
  worker ??= new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  const at = worker;
  const task: LayoutTask = { task: (tasks += 1), graph, direction };
  const listen = ({ data }: MessageEvent<{ task: number; layout: Layout }>) => {
    if (data.task !== task.task) return;
    at.removeEventListener("message", listen);
    answer(data.layout);
  };
  at.addEventListener("message", listen);
  at.postMessage(task);
  return () => at.removeEventListener("message", listen);
}
