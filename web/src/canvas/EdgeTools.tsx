import { ViewportPortal } from "@xyflow/react";
import { Plus, Settings2 } from "lucide-react";
import { hoverOf } from "./gestures";
import type { Layout } from "./layout/layout";
import { useCanvas, useCanvasStore } from "./state";

/** What can be done with the arrow under the pointer, or the selected one: a step into it, its condition. */
export function EdgeTools({ layout, routes }: { layout: Layout; routes: ReadonlySet<string> }) {
  const id = useCanvas((state) => state.hovered ?? state.edge);
  const isIdle = useCanvas((state) => state.mode.is === "idle" && state.isEditable);
  const store = useCanvasStore();
  const { perform } = store.getState();
  const hover = hoverOf(store);
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
