import { NodeToolbar, Position } from "@xyflow/react";
import { Copy, CornerDownRight, type LucideIcon, Pencil, Plus, Settings2, Spline, Trash2 } from "lucide-react";
import { IconButton } from "@/ui/IconButton";
import type { Situation } from "./command";
import { COMMANDS } from "./commands";
import { useCanvasStore } from "./state";

/** The commands that have a button, in its order. */
const TOOLS: Record<string, LucideIcon> = {
  open: Settings2,
  "add-after": Plus,
  "add-into": CornerDownRight,
  connect: Spline,
  rename: Pencil,
  duplicate: Copy,
  delete: Trash2,
};

/** What can be done with the selected step, below it where no label is, for those who use no keys. */
export function StepTools({ situation }: { situation: Situation }) {
  const store = useCanvasStore();
  const { selected, edge, mode, outline } = situation;
  if (outline === null || mode.is !== "idle" || edge !== null || selected?.step == null) return null;
  const tools = Object.entries(TOOLS).flatMap(([id, icon]) => {
    const command = COMMANDS.find((one) => one.id === id);
    return command?.when(situation) ? [{ command, icon }] : [];
  });
  return (
    <NodeToolbar
      nodeId={selected.id}
      isVisible
      position={Position.Bottom}
      offset={6}
      role="toolbar"
      aria-label={`Do with ${selected.title}`}
      className="nodrag nopan flex rounded-md border border-line bg-raised p-0.5 shadow-card"
    >
      {tools.map(({ command, icon }) => (
        <IconButton
          key={command.id}
          label={command.title}
          shortcut={command.keys[0]}
          icon={icon}
          tabIndex={-1}
          // Where a pointer hovers, selecting opens the settings already.
          className={command.id === "open" ? "pointer-fine:hidden" : undefined}
          onClick={() => store.getState().perform(command.perform(situation))}
        />
      ))}
    </NodeToolbar>
  );
}
