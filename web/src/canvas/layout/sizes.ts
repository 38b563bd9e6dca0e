/** How large things on the canvas are, in pixels. Fixed, so that a layout needs nothing measured. */
import type { GraphEdge, GraphNode } from "../graph";

export interface Size {
  width: number;
  height: number;
}

export const CARD: Size = { width: 244, height: 60 };
export const TRIGGER: Size = { width: 244, height: 52 };
export const END: Size = { width: 72, height: 30 };
export const EMPTY_FRAME: Size = { width: 276, height: 112 };
export const FRAME = { header: 52, padding: 20 };
/** Between cards beside each other, and between the main steps and those for when things go wrong. */
export const GAP = { cards: 28, lines: 14, lanes: 56 };
export const LABEL_HEIGHT = 22;

const LONGEST_LABEL = 240;

/** The size of what holds nothing; a frame with steps grows around them. */
export function sizeOf(node: GraphNode): Size {
  switch (node.shape) {
    case "trigger":
      return TRIGGER;
    case "end":
      return END;
    case "frame":
      return EMPTY_FRAME;
    default:
      return CARD;
  }
}

/** The pixels of a character in a label: tests are set in the font of code. */
const CHARACTER = { code: 7.25, words: 6.4 };

/** The room an arrow's label takes. */
export function labelWidth(edge: Pick<GraphEdge, "label" | "lead">): number {
  if (edge.label === null) return 0;
  const character = edge.lead === "if" ? CHARACTER.code : CHARACTER.words;
  return Math.min(LONGEST_LABEL, Math.max(36, Math.ceil(edge.label.length * character) + 18));
}
