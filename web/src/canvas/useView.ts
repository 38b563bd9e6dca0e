import { useReactFlow } from "@xyflow/react";
import { useEffect, useRef } from "react";
import type { Size } from "./layout/sizes";
import type { LaidOut } from "./layout/useLayout";
import { useCanvasStore } from "./state";
import { absoluteBox, opening, recentred, showing, showsAny } from "./view";

/**
 * What is in view: the beginning, until the person looks elsewhere; whatever is selected. When the pane's size changes, a view
 * that nobody has moved begins anew; one that somebody has moved keeps its middle.
 */
export function useView(laidOut: LaidOut, pane: Size, selection: string | null): void {
  const flow = useReactFlow();
  const store = useCanvasStore();
  const last = useRef({ pane, direction: laidOut.layout.direction });
  useEffect(() => {
    const { graph, layout } = laidOut;
    const before = last.current;
    last.current = { pane, direction: layout.direction };
    const isResized = before.pane.width !== pane.width || before.pane.height !== pane.height;
    const now = flow.getViewport();
    let wanted = now;
    if (before.direction !== layout.direction) store.setState({ isMoved: false });
    if (isResized || before.direction !== layout.direction) {
      wanted = recentred(now, before.pane, pane);
      if (!store.getState().isMoved || !showsAny(layout, graph, wanted, pane)) wanted = opening(layout, pane);
    }
    const node = graph.nodes.find((one) => one.step !== null && one.step === selection);
    const box = node && absoluteBox(layout, graph, node.id);
    if (box) wanted = showing(box, wanted, pane);
    // While the pane is being resized, the view goes with it; else it is led there.
    if (wanted !== now) void flow.setViewport(wanted, isResized ? {} : { duration: 180 });
  }, [flow, store, laidOut, pane, selection]);
}
