/** Open documents: the one text that the text view, the canvas and the settings panel share. */
export { ChangeRefused } from "./canvas_changes";
export { kindOf, kindsById, useKinds, useTriggerKinds } from "./kinds";
export { openDocument, type Source } from "./open_document";
export { outcomesOf } from "./outcomes";
export { DocumentProvider, useAgentDocument, useDocument, useOpenDocument } from "./react";
export type * from "./types";
