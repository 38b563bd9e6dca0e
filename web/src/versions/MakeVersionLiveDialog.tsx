import { useQuery } from "@tanstack/react-query";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SkeletonLines } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { type Agent, readinessQuery, setLive } from "./queries";
import { Unmet } from "./Unmet";
import { useGate } from "./useGate";

/** Asks before a version becomes what triggers and callers start, and says what it does not meet. */
export default function MakeVersionLiveDialog({
  agent,
  number,
  onClose,
}: {
  agent: Agent;
  number: number;
  onClose: () => void;
}) {
  const readiness = useQuery(readinessQuery(agent.id, number));
  const { busy, isForced, run, notes } = useGate(async (reason) => {
    await setLive(agent.id, number, reason);
    toast.good(`Version ${number} is live.`);
    onClose();
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Make version ${number} live?`}
      description={
        agent.live_version === null
          ? "From now on, what starts the agent starts this version."
          : `It takes the place of version ${agent.live_version}. Runs under way go on with the version they began with.`
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={isForced ? "danger" : "primary"} busy={busy} onClick={run}>
            {isForced ? "Make live all the same" : "Make live"}
          </Button>
        </>
      }
    >
      {notes}
      {!notes && readiness.isPending && <SkeletonLines lines={2} label="Checking whether it is ready" />}
      {!notes && readiness.data?.ready && <Banner tone="good" title="It is ready to go live." />}
      {!notes && readiness.data && !readiness.data.ready && (
        <Unmet title="It is not ready to go live." unmet={readiness.data.unmet} />
      )}
    </Dialog>
  );
}
