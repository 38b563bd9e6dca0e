/** Lays out large graphs aside, so that the page stays responsive. */
import type { Graph } from "../graph";
import { layOut, type Direction } from "./layout";

export interface LayoutTask {
  task: number;
  graph: Graph;
  direction: Direction;
}

addEventListener("message", ({ data }: MessageEvent<LayoutTask>) => {
  postMessage({ task: data.task, layout: layOut(data.graph, data.direction) });
});
