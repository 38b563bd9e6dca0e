/** The form that a run is started with, for the other parts. */
export { canStartAtOnce, type Input, type Inputs } from "./inputs";
export { RunForm, type RunFormProps } from "./RunForm";
