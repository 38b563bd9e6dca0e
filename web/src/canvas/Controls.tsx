import { useReactFlow } from "@xyflow/react";
import { Maximize, Minus, Plus } from "lucide-react";
import { IconButton } from "@/ui/IconButton";
import type { Size } from "./layout/sizes";
import type { LaidOut } from "./layout/useLayout";
import { fitting } from "./view";

const CALM = { duration: 180 };

/** Nearer, further, everything. */
export function Controls({ laidOut, pane }: { laidOut: LaidOut; pane: Size }) {
  const flow = useReactFlow();
  return (
    <div className="absolute bottom-3 left-3 z-5 flex rounded-md border border-line bg-raised p-0.5 shadow-card">
      <IconButton label="Zoom out" shortcut="-" icon={Minus} onClick={() => void flow.zoomOut(CALM)} />
      <IconButton label="Zoom in" shortcut="+" icon={Plus} onClick={() => void flow.zoomIn(CALM)} />
      <IconButton
        label="Show everything"
        shortcut="F"
        icon={Maximize}
        onClick={() => void flow.setViewport(fitting(laidOut.layout, pane), CALM)}
      />
    </div>
  );
}
