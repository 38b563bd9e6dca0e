import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Flow } from "@/document/types";
import { type Outline, outlineOf } from "./outline";
import { versionQuery } from "./queries";
import { type StepState, statesOf } from "./states";
import type { Run } from "./types";
import type { RunView } from "./watch";

/** The flow that a run carries out, and its steps by id; null and none until they are here. */
export function useOutline(run: Run | null): { flow: Flow | null; outline: Outline; problem: unknown } {
  const { data, error } = useQuery({
    ...versionQuery(run?.agent_id ?? "", run?.version ?? 0),
    enabled: run !== null,
  });
  const flow = (data?.flow as Flow | undefined) ?? null;
  const outline = useMemo(() => outlineOf(flow), [flow]);
  return { flow, outline, problem: error };
}

/** How the flow's steps stand in a run, by id: what the canvas lights them with. */
export function useStepStates({ run, steps }: RunView, outline: Outline): Record<string, StepState> {
  return useMemo(() => statesOf({ run, steps }, outline), [run, steps, outline]);
}
