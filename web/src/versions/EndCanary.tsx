import { useState } from "react";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { toast } from "@/ui/toast";
import { type Canary, promoteCanary, stopCanary } from "./canaries";
import { useGate } from "./useGate";

interface EndProps {
  canary: Canary;
  open: boolean;
  onClose: () => void;
}

const GO_ON = "Runs under way go on with the version they began with.";

/** Asks before the candidate becomes the live version; it has to be ready once more. */
export function PromoteCanary({ canary: { agent_id, version, live_version }, open, onClose }: EndProps) {
  const [why, setWhy] = useState("");
  const { busy, isForced, run, notes } = useGate(async (override) => {
    await promoteCanary(agent_id, { reason: override ?? why.trim(), override: override !== null });
    toast.good(`Version ${version} is live.`);
    onClose();
  });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      size="sm"
      title={`Make version ${version} live?`}
      description={`It takes the place of version ${live_version}, with its triggers. ${GO_ON}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={isForced ? "danger" : "primary"} busy={busy} onClick={run}>
            {isForced ? "Make it live all the same" : "Make it live"}
          </Button>
        </>
      }
    >
      {notes ?? <Why why={why} onWhy={setWhy} />}
    </Dialog>
  );
}

/** Asks before the live version takes all new runs again. */
export function StopCanary({ canary: { agent_id, live_version }, open, onClose }: EndProps) {
  const [why, setWhy] = useState("");
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Stop the canary?"
      confirm="Stop it"
      onConfirm={async () => {
        await stopCanary(agent_id, why.trim());
        toast.good("The canary is stopped.");
      }}
    >
      <p>
        Version {live_version} takes all new runs again. {GO_ON}
      </p>
      <Why why={why} onWhy={setWhy} />
    </ConfirmDialog>
  );
}

function Why({ why, onWhy }: { why: string; onWhy: (why: string) => void }) {
  return (
    <Field label="Why" optional hint="The history keeps it.">
      <TextInput maxLength={2000} value={why} onChange={(event) => onWhy(event.target.value)} />
    </Field>
  );
}
