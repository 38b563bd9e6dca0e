import { useMutation, useQuery } from "@tanstack/react-query";
import { useGo } from "@/navigation";
import { type Inputs, RunForm } from "@/run_form";
import { startRun } from "@/runs";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import { type Agent, versionQuery } from "./queries";

/** Starts a run of one version, whichever is live, and goes to it. */
export default function RunVersionDialog({
  agent,
  number,
  onClose,
}: {
  agent: Agent;
  number: number;
  onClose: () => void;
}) {
  const go = useGo();
  const { data, error, refetch } = useQuery(versionQuery(agent.id, number));
  const starting = useMutation({
    mutationFn: (given: Record<string, unknown>) => startRun(agent.id, number, given),
    onSuccess: (runId) => go(`/runs/${runId}`),
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Run version ${number}`}
      description="It acts for real, as any run does. What is live stays as it is."
      size="sm"
    >
      {error && <ErrorNote problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonLines lines={3} />}
      {data && (
        <RunForm
          inputs={(data.flow as { inputs?: Inputs }).inputs ?? {}}
          onStart={(given) => starting.mutate(given)}
          onCancel={onClose}
          busy={starting.isPending || starting.isSuccess}
          problem={starting.error}
        />
      )}
    </Dialog>
  );
}
