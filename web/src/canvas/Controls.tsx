import { Keyboard, Maximize, Minus, Plus } from "lucide-react";
import { IconButton } from "@/ui/IconButton";
import { useCanvasStore } from "./state";

/** Nearer, further, everything, and which keys there are. */
export function Controls() {
  const store = useCanvasStore();
  const look = (view: "in" | "out" | "fit") => () => store.getState().perform({ does: "view", view });
  return (
    <div className="absolute bottom-3 left-3 z-5 flex rounded-md border border-line bg-raised p-0.5 shadow-card">
      <IconButton label="Zoom out" shortcut="-" icon={Minus} onClick={look("out")} />
      <IconButton label="Zoom in" shortcut="Plus" icon={Plus} onClick={look("in")} />
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
