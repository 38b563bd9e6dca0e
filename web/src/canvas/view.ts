/** Which part of the canvas is in view. */
import type { Viewport } from "@xyflow/react";
import type { Graph } from "./graph";
import type { Box, Direction, Layout } from "./layout/layout";
import type { Size } from "./layout/sizes";

const MARGIN = 28;
/** The controls lie over this much of the pane's lower rim. */
const CONTROLS = 44;
/** Text is read down to this zoom; what would have to be smaller to fit is shown from its beginning instead. */
const READABLE = 0.62;

export const ZOOM = { least: 0.05, most: 1.75, far: 0.28 };

/** The whole graph where it can be read whole, else its beginning. */
export function opening(layout: Layout, pane: Size): Viewport {
  const whole = fitting(layout, pane);
  if (whole.zoom >= READABLE) return whole;
  const zoom = Math.min(0.9, Math.max(READABLE, acrossZoom(layout, pane)));
  const first = Object.values(layout.boxes)[0] ?? { x: 0, y: 0, width: 0, height: 0 };
  const across =
    layout.direction === "right"
      ? beginning(first.y + first.height / 2, layout.height, pane.height, zoom)
      : beginning(first.x + first.width / 2, layout.width, pane.width, zoom);
  return layout.direction === "right" ? { x: MARGIN, y: across, zoom } : { x: across, y: MARGIN, zoom };
}

/** The whole extent in the middle; where it is larger than the room, what it begins with, and no more rim than needed. */
function beginning(middle: number, extent: number, room: number, zoom: number): number {
  const spare = room - extent * zoom;
  if (spare >= 2 * MARGIN) return spare / 2;
  return Math.min(MARGIN, Math.max(spare - MARGIN, room / 2 - middle * zoom));
}

/** The zoom at which the extent across the direction of reading fits. */
function acrossZoom(layout: Layout, pane: Size): number {
  return layout.direction === "right"
    ? (pane.height - 2 * MARGIN) / Math.max(1, layout.height)
    : (pane.width - 2 * MARGIN) / Math.max(1, layout.width);
}

/** The whole graph in the middle of the pane, above the controls. */
export function fitting(layout: Layout, pane: Size): Viewport {
  const height = pane.height - CONTROLS;
  const zoom = Math.min(
    1,
    (pane.width - 2 * MARGIN) / Math.max(1, layout.width),
    (height - 2 * MARGIN) / Math.max(1, layout.height),
  );
  const held = Math.max(ZOOM.least, zoom);
  return { x: (pane.width - layout.width * held) / 2, y: (height - layout.height * held) / 2, zoom: held };
}

/** What is in the middle of the view stays there when the pane's size changes. */
export function recentred(viewport: Viewport, before: Size, pane: Size): Viewport {
  return {
    x: viewport.x + (pane.width - before.width) / 2,
    y: viewport.y + (pane.height - before.height) / 2,
    zoom: viewport.zoom,
  };
}

/** Whether any of the graph's topmost boxes is in view. */
export function showsAny(layout: Layout, graph: Graph, { x, y, zoom }: Viewport, pane: Size): boolean {
  return graph.nodes.some((node) => {
    const box = node.parent === null ? layout.boxes[node.id] : undefined;
    if (!box) return false;
    const [left, top] = [box.x * zoom + x, box.y * zoom + y];
    return left < pane.width && left + box.width * zoom > 0 && top < pane.height && top + box.height * zoom > 0;
  });
}

/** The viewport moved as little as shows the box; the same one when it is in view already. */
export function showing(box: Box, viewport: Viewport, pane: Size): Viewport {
  const zoom = Math.max(viewport.zoom, READABLE);
  const from = zoom === viewport.zoom ? viewport : { x: pane.width / 2, y: pane.height / 2, zoom };
  const x = nudge(from.x, box.x * zoom, Math.min(box.width * zoom, pane.width - 2 * MARGIN), pane.width);
  const height = pane.height - CONTROLS;
  const y = nudge(from.y, box.y * zoom, Math.min(box.height * zoom, height - 2 * MARGIN), height);
  return x === viewport.x && y === viewport.y && zoom === viewport.zoom ? viewport : { x, y, zoom };
}

function nudge(offset: number, start: number, size: number, room: number): number {
  if (offset + start < MARGIN) return MARGIN - start;
  if (offset + start + size > room - MARGIN) return room - MARGIN - start - size;
  return offset;
}

/** How a graph is read in a pane: downwards where it is narrow. It turns late, so that a panel at the side turns nothing. */
export function directionIn(width: number, before: Direction | null): Direction {
  return width < (before === "right" ? 480 : 700) ? "down" : "right";
}

/** A node's box on the whole canvas. */
export function absoluteBox(layout: Layout, graph: Graph, id: string): Box | null {
  const parents = new Map(graph.nodes.map((node) => [node.id, node.parent]));
  const own = layout.boxes[id];
  if (!own) return null;
  const box = { ...own };
  for (let parent = parents.get(id); parent; parent = parents.get(parent)) {
    box.x += layout.boxes[parent]?.x ?? 0;
    box.y += layout.boxes[parent]?.y ?? 0;
  }
  return box;
}
