/** What lies over the canvas while something is asked or told: the palette, a condition, a hint, the keys. */
import { useReactFlow } from "@xyflow/react";
import type { ReactNode } from "react";
import { outcomesOf } from "@/document/outcomes";
import type { Kind } from "@/document/types";
import { cx } from "@/ui/cx";
import { Kbd } from "@/ui/Kbd";
import { addedAfter, connectedBy, disconnected, relabelled, type Way } from "./changes";
import type { Situation } from "./command";
import { HelpSheet } from "./HelpSheet";
import { KindPalette } from "./KindPalette";
import type { Size } from "./layout/sizes";
import { NewStepForm } from "./NewStepForm";
import { freeName } from "./outline";
import { RouteForm } from "./RouteForm";
import { IDLE, type Mode, useCanvas, useCanvasStore } from "./state";
import { absoluteBox } from "./view";
import { endsOf, placing, targetName } from "./ways";

interface OverlayProps {
  situation: Situation;
  pane: Size;
}

/** The overlay of the present mode, if it has one. */
export function Overlays(props: OverlayProps) {
  const mode = useCanvas((state) => state.mode);
  const store = useCanvasStore();
  const close = () => store.getState().perform({ does: "mode", mode: IDLE });
  switch (mode.is) {
    case "choosing-kind":
      return <KindOverlay {...props} mode={mode} />;
    case "naming-step":
      return <NameOverlay {...props} mode={mode} onClose={close} />;
    case "choosing-route":
      return <RouteOverlay {...props} mode={mode} onClose={close} />;
    case "editing-label":
      return <LabelOverlay {...props} edgeId={mode.edge} onClose={close} />;
    case "connecting":
      return <ConnectHint {...props} mode={mode} />;
    case "help":
      return <HelpSheet isEditable={props.situation.outline !== null} onClose={close} />;
    default:
      return null;
  }
}

type At = { x: number; y: number } | null;

/** A small window at a place of the pane, or at its top. It never leaves the pane. */
function Floating({ at, pane, size, children }: { at: At; pane: Size; size: Size; children: ReactNode }) {
  const width = Math.min(size.width, pane.width - 16);
  const height = Math.min(size.height, pane.height - 16);
  const left = Math.max(8, Math.min(at ? at.x - 24 : (pane.width - width) / 2, pane.width - width - 8));
  const top = Math.max(8, Math.min(at ? at.y + 12 : 48, pane.height - height - 8));
  return (
    <div data-overlay style={{ left, top, width, maxHeight: height }} className="popup absolute z-10 overflow-hidden">
      {children}
    </div>
  );
}

function KindOverlay({ situation, pane, mode }: OverlayProps & { mode: Extract<Mode, { is: "choosing-kind" }> }) {
  const store = useCanvasStore();
  const { outline } = situation;
  if (outline === null) return null;
  const choose = (kind: Kind) => {
    const wanted = { uses: kind.id, name: freeName(outline, kind.title).name };
    store.getState().perform({ does: "mode", mode: { ...mode, is: "naming-step", wanted } });
  };
  return (
    <Floating at={mode.at} pane={pane} size={{ width: 380, height: 440 }}>
      <KindPalette
        kinds={situation.kinds}
        title={mode.spot.isError ? "When it fails, do" : "Add a step"}
        onChoose={choose}
      />
    </Floating>
  );
}

type NamingMode = Extract<Mode, { is: "naming-step" }>;

/** A step gets its name before it is written, so that its id is its name's. */
function NameOverlay({ situation, pane, mode, onClose }: OverlayProps & { mode: NamingMode; onClose: () => void }) {
  const store = useCanvasStore();
  const { outline } = situation;
  if (outline === null) return null;
  const done = (name: string) => {
    const placed = placing({ ...situation, outline }, mode.spot, { ...mode.wanted, name });
    const { perform } = store.getState();
    if ("is" in placed) perform({ does: "mode", mode: placed });
    else perform({ does: "change", changes: placed.changes, select: placed.id });
  };
  const kind = situation.kinds.get(mode.wanted.uses);
  return (
    <Floating at={mode.at} pane={pane} size={{ width: 380, height: 210 }}>
      <NewStepForm kind={kind} start={mode.wanted.name} onDone={done} onCancel={onClose} />
    </Floating>
  );
}

type RouteMode = Extract<Mode, { is: "choosing-route" }>;

function RouteOverlay({ situation, pane, mode, onClose }: OverlayProps & { mode: RouteMode; onClose: () => void }) {
  const store = useCanvasStore();
  const at = useAnchor(situation, mode.to ?? mode.from);
  const { graph, outline } = situation;
  const source = graph.nodes.find((node) => node.id === mode.from);
  if (outline === null || !source?.step) return null;
  const step = source.step;
  const done = (way: Way) => {
    const { perform } = store.getState();
    if (mode.step) {
      const { changes, id } = addedAfter(outline, step, mode.step, way);
      return perform({ does: "change", changes, select: id });
    }
    const ends = mode.to === null ? null : endsOf(graph, mode.from, mode.to);
    if (ends) perform({ does: "change", changes: [connectedBy(ends, way)] });
  };
  const target = mode.step?.name ?? targetName(graph, mode.to ?? "");
  return (
    <Floating at={at} pane={pane} size={{ width: 300, height: 260 }}>
      <RouteForm
        title={`${source.title} → ${target}`}
        start={{ lead: mode.lead, test: mode.test }}
        outcomes={outcomesAt(situation, step)}
        onDone={done}
        onCancel={onClose}
      />
    </Floating>
  );
}

function LabelOverlay({ situation, pane, edgeId, onClose }: OverlayProps & { edgeId: string; onClose: () => void }) {
  const store = useCanvasStore();
  const flow = useReactFlow();
  const { graph, layout, outline } = situation;
  const edge = graph.edges.find((one) => one.id === edgeId);
  const point = edge && (layout.paths[edge.id]?.label ?? layout.paths[edge.id]?.middle);
  if (!edge?.route || outline === null || !point) return null;
  const view = flow.getViewport();
  const at = { x: point.x * view.zoom + view.x - 60, y: point.y * view.zoom + view.y };
  const done = (way: Way) => {
    const changes = relabelled(outline, edge, way);
    if (changes) store.getState().perform({ does: "change", changes });
    else onClose();
  };
  const remove = () => {
    const cut = disconnected(edge);
    if (cut) store.getState().perform({ does: "change", changes: [cut] });
  };
  return (
    <Floating at={at} pane={pane} size={{ width: 300, height: 260 }}>
      <RouteForm
        title={`${targetName(graph, edge.from)} → ${targetName(graph, edge.to)}`}
        start={{ lead: edge.lead, test: edge.test }}
        outcomes={outcomesAt(situation, edge.route.from)}
        onDone={done}
        onCancel={onClose}
        onDelete={remove}
      />
    </Floating>
  );
}

function outcomesAt({ outline, kinds }: Situation, step: string): string[] {
  const entry = outline?.get(step)?.step;
  return entry ? outcomesOf(kinds.get(entry.uses), entry.with ?? {}) : [];
}

/** Below a node, in the pane's pixels. */
function useAnchor({ graph, layout }: Situation, node: string): At {
  const flow = useReactFlow();
  const box = absoluteBox(layout, graph, node);
  if (!box) return null;
  const { x, y, zoom } = flow.getViewport();
  return { x: box.x * zoom + x, y: (box.y + box.height) * zoom + y };
}

function ConnectHint({
  situation: { graph },
  pane,
  mode,
}: OverlayProps & { mode: Extract<Mode, { is: "connecting" }> }) {
  const source = graph.nodes.find((node) => node.id === mode.from);
  const keys = [
    ["Down", "next"],
    ["Enter", "connect"],
    ["Esc", "leave"],
  ] as const;
  return (
    <div
      role="status"
      className={cx(
        "popup absolute left-1/2 top-3 z-10 flex -translate-x-1/2 items-center gap-3 px-3 py-2 text-sm",
        pane.width < 480 && "flex-wrap",
      )}
    >
      <span>
        {source?.title} → <strong className="font-medium">{mode.to === null ? "…" : targetName(graph, mode.to)}</strong>
      </span>
      <span className="hidden text-xs text-ink-soft pointer-coarse:inline">Tap the step that comes next.</span>
      {keys.map(([key, does]) => (
        <span key={key} className="flex items-center gap-1 text-xs text-ink-soft pointer-coarse:hidden">
          <Kbd keys={key} /> {does}
        </span>
      ))}
    </div>
  );
}
