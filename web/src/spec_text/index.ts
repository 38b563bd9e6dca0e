/** The text view of a spec: plain, live preview, JSON. */
export { BothTexts } from "./BothTexts";
export { Difference } from "./Difference";
export type { TextMode } from "./dress";
export { SpecPreviewText } from "./SpecPreviewText";
export { SpecText } from "./SpecText";
