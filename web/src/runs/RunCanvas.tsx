import { lazy, Suspense } from "react";
import { useKinds } from "@/document/kinds";
import type { Flow } from "@/document/types";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import type { Outline } from "./outline";
import { useStepStates } from "./useOutline";
import type { RunView } from "./watch";

const Canvas = lazy(() => import("@/canvas").then((door) => ({ default: door.Canvas })));

/** The version's flow, lit by how its steps stand in the run. */
export function RunCanvas({
  flow,
  problem,
  view,
  outline,
  selection,
  onSelect,
}: {
  flow: Flow | null;
  problem: unknown;
  view: RunView;
  outline: Outline;
  selection: string | null;
  onSelect: (node: string | null) => void;
}) {
  const kinds = useKinds();
  const statuses = useStepStates(view, outline);
  const blank = <Skeleton className="m-4 h-40 max-w-100" />;
  if (problem) return <ErrorNote problem={problem} className="m-4" />;
  if (!flow || kinds.size === 0) return blank;
  return (
    <Suspense fallback={blank}>
      <Canvas flow={flow} kinds={kinds} statuses={statuses} selection={selection} onSelect={onSelect} readOnly />
    </Suspense>
  );
}
