import { useMutation } from "@tanstack/react-query";
import { useGo } from "@/navigation";
import { type Inputs, RunForm } from "@/run_form";
import { Dialog } from "@/ui/Dialog";
import { type AgentSummary, runAgent } from "./queries";

/** Asks for what a run needs before it can start, and goes to the run. */
export default function RunDialog({
  agent,
  inputs,
  onClose,
}: {
  agent: AgentSummary;
  inputs: Inputs;
  onClose: () => void;
}) {
  const go = useGo();
  const starting = useMutation({
    mutationFn: (given: Record<string, unknown>) => runAgent(agent.id, given),
    onSuccess: (runId) => go(`/runs/${runId}`),
  });
  return (
    <Dialog open onClose={onClose} title={`Run “${agent.name}”`} size="sm">
      <RunForm
        inputs={inputs}
        onStart={(given) => starting.mutate(given)}
        onCancel={onClose}
        busy={starting.isPending || starting.isSuccess}
        problem={starting.error}
      />
    </Dialog>
  );
}
