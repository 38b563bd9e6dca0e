import { ViewportPortal } from "@xyflow/react";
import { Plus, Settings2 } from "lucide-react";
import type { Layout } from "./layout/layout";
import { useCanvas, useCanvasStore } from "./state";

const HELD_MS = 300;
let leaving: ReturnType<typeof setTimeout> | undefined;

/** The arrow under the pointer; it stays the one for a moment, so that the pointer can get to its tools. */
export function useHover() {
  const store = useCanvasStore();
  return {
    enter(edge: string) {
      clearTimeout(leaving);
      store.setState({ hovered: edge });
    },
    leave() {
      clearTimeout(leaving);
      leaving = setTimeout(() => store.setState({ hovered: null }), HELD_MS);
    },
  };
}

/** What can be done with the arrow under the pointer, or the selected one: a step into it, its condition. */
export function EdgeTools({ layout, routes }: { layout: Layout; routes: ReadonlySet<string> }) {
  const id = useCanvas((state) => state.hovered ?? state.edge);
  const isIdle = useCanvas((state) => state.mode.is === "idle" && state.isEditable);
  const { perform } = useCanvasStore().getState();
  const hover = useHover();
  const at = id === null ? null : layout.paths[id]?.middle;
  if (!isIdle || id === null || !at) return null;
  return (
    <ViewportPortal>
      <div
        data-overlay
        onMouseEnter={() => hover.enter(id)}
        onMouseLeave={hover.leave}
        style={{ transform: `translate(${at.x}px, ${at.y}px) translate(-50%, -50%)` }}
        className="nodrag nopan pointer-events-auto absolute z-[101] flex gap-px rounded-full border border-accent bg-raised text-accent"
      >
        <Tool
          label="Add a step here"
          icon={Plus}
          onClick={() =>
            perform({ does: "mode", mode: { is: "choosing-kind", spot: { after: null, edge: id }, at: null } })
          }
        />
        {routes.has(id) && (
          <Tool
            label="Condition of this arrow"
            icon={Settings2}
            onClick={() => perform({ does: "mode", mode: { is: "editing-label", edge: id } })}
          />
        )}
      </div>
    </ViewportPortal>
  );
}

function Tool({ label, icon: Icon, onClick }: { label: string; icon: typeof Plus; onClick: () => void }) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={label}
      title={label}
      onClick={onClick}
      className="flex size-6 items-center justify-center rounded-full hover:bg-accent-soft"
    >
      <Icon aria-hidden className="size-3.5" />
    </button>
  );
}
