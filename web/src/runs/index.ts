/** Runs, for the other parts: one run as it goes on, and the small view of it. */
export { outlineOf, type Outline } from "./outline";
export { startRun } from "./queries";
export { RunPanel } from "./RunPanel";
export { type StepState, statesOf } from "./states";
export type { StepTrace } from "./trace";
export { useStepStates } from "./useOutline";
export { cancelRun, useRun } from "./useRun";
export { NOT_LOADED, type RunView, type WatchState } from "./watch";
