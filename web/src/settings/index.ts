/** The settings of what is selected in a document, for the other parts. */
export { type LastValues } from "./names";
export { StepSettings, type StepSettingsProps } from "./StepSettings";
