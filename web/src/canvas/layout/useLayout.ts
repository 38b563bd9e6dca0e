import { useEffect, useMemo, useRef, useState } from "react";
import type { Graph } from "../graph";
import { layOut, type Direction, type Layout } from "./layout";
import type { LayoutTask } from "./layout.worker";

/** Up to this many nodes a layout takes less than a frame, so it is there with the first drawing. More go to a worker. */
const AT_ONCE = 150;

export interface LaidOut {
  graph: Graph;
  layout: Layout;
}

/** The graph with its layout. While a large one is worked on, the one before stays; null until there is a first. */
export function useLayout(graph: Graph, direction: Direction): LaidOut | null {
  const shape = useMemo(() => shapeOf(graph), [graph]);
  const isSmall = graph.nodes.length <= AT_ONCE;
  // A graph that differs only in words that take no room keeps its layout.
  const drawn = useRef<{ shape: string; direction: Direction; layout: Layout } | null>(null);
  const small = useMemo(
    () => (isSmall ? { graph, layout: layOut(graph, direction) } : null),
    [isSmall, graph, direction],
  );
  const [large, setLarge] = useState<LaidOut | null>(null);

  useEffect(() => {
    if (isSmall) return;
    const known = drawn.current;
    if (known?.shape === shape && known.direction === direction) {
      setLarge({ graph, layout: known.layout });
      return;
    }
    return ask(graph, direction, (layout) => {
      drawn.current = { shape, direction, layout };
      setLarge({ graph, layout });
    });
  }, [isSmall, graph, direction, shape]);

  return small ?? large;
}

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
