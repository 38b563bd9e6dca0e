/** The canvas: a flow drawn as a graph, and with a document also the place where it is changed. */
export { Canvas, type CanvasProps } from "./Canvas";
export type { StepState } from "./state";
