import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useGo } from "@/navigation";
import type { Inputs } from "@/run_form";
import { Dialog } from "@/ui/Dialog";
import { SkeletonLines } from "@/ui/Skeleton";
import { type AgentSummary, runAgent } from "./queries";

const RunForm = lazy(() => import("@/run_form").then(({ RunForm }) => ({ default: RunForm })));

/** Asks for what a run needs before it can start, and goes to the run. Null inputs: it is closed. */
export function RunDialog({
  agent,
  inputs,
  onClose,
}: {
  agent: AgentSummary;
  inputs: Inputs | null;
  onClose: () => void;
}) {
  const go = useGo();
  const starting = useMutation({
    mutationFn: (given: Record<string, unknown>) => runAgent(agent.id, given),
    onSuccess: (runId) => go(`/runs/${runId}`),
  });
  return (
    <Dialog open={inputs !== null} onClose={onClose} title={`Run “${agent.name}”`} size="sm">
      <Suspense fallback={<SkeletonLines lines={4} label="Loading the inputs" />}>
        {inputs && (
          <RunForm
            inputs={inputs}
            onStart={(given) => starting.mutate(given)}
            onCancel={onClose}
            busy={starting.isPending || starting.isSuccess}
            problem={starting.error}
          />
        )}
      </Suspense>
    </Dialog>
  );
}
