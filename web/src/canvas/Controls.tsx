import { Keyboard, Maximize, Plus, ZoomIn, ZoomOut } from "lucide-react";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { COMMANDS } from "./commands";
import { useCanvas, useCanvasStore } from "./state";

/** A new step, nearer, further, everything, and which keys there are. */
export function Controls() {
  const store = useCanvasStore();
  const isEditable = useCanvas((state) => state.isEditable);
  const add = () => {
    const { situation, perform } = store.getState();
    const command = COMMANDS.find((one) => one.id === "add");
    if (situation && command?.when(situation)) perform(command.perform(situation));
  };
  const look = (view: "in" | "out" | "fit") => () => store.getState().perform({ does: "view", view });
  return (
    <div className="absolute bottom-3 left-3 z-5 flex rounded-md border border-line bg-raised p-0.5 shadow-card">
      {isEditable && (
        <>
          <Button size="sm" variant="ghost" icon={Plus} onClick={add}>
            Add step
          </Button>
          <span aria-hidden className="mx-0.5 my-1.5 w-px bg-line" />
        </>
      )}
      <IconButton label="Zoom out" shortcut="-" icon={ZoomOut} onClick={look("out")} />
      <IconButton label="Zoom in" shortcut="Plus" icon={ZoomIn} onClick={look("in")} />
      <IconButton label="Show everything" shortcut="F" icon={Maximize} onClick={look("fit")} />
      <IconButton
        label="Keys on the canvas"
        shortcut="?"
        icon={Keyboard}
        className="max-sm:hidden"
        onClick={() => store.getState().perform({ does: "mode", mode: { is: "help" } })}
      />
    </div>
  );
}
