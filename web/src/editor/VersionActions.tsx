import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { toast } from "@/ui/toast";
import { NotReady, useMayOverride } from "./NotReady";
import { setLive, versionQuery } from "./queries";
import { unmetOf } from "./readiness";
import type { VersionsDialogProps } from "./VersionsDialog";

type VersionActionsProps = Pick<VersionsDialogProps, "document" | "agent" | "onClose"> & { number: number };

/** What can be done with one version. */
export function VersionActions(props: VersionActionsProps) {
  const { document, agent, number, onClose } = props;
  const { data } = useQuery(versionQuery(agent.id, number));
  const restore = () => {
    if (!data) return;
    document.replace(data.markdown);
    toast.good(`The draft is version ${number} again.`, { label: "Undo", run: () => document.undo() });
    onClose();
  };
  const restoring = (
    <Button disabled={!data} onClick={restore}>
      Take into the draft
    </Button>
  );
  if (number === agent.live_version) return restoring;
  return (
    <MakeVersionLive key={number} {...props}>
      {restoring}
    </MakeVersionLive>
  );
}

function MakeVersionLive({ agent, number, onClose, children }: VersionActionsProps & { children: ReactNode }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [reason, setReason] = useState("");
  const unmet = unmetOf(problem);
  const isForced = useMayOverride(unmet) && reason.trim() !== "";
  const makeLive = async () => {
    setBusy(true);
    try {
      await setLive(agent.id, number, isForced ? reason.trim() : null);
      toast.good(`Version ${number} is live.`);
      onClose();
    } catch (why) {
      setProblem(why);
      setBusy(false);
    }
  };
  return (
    <>
      {unmet && <NotReady unmet={unmet} reason={reason} onReason={setReason} />}
      {problem !== null && !unmet && <ErrorNote problem={problem} className="w-full" />}
      {children}
      <Button variant={isForced ? "danger" : "primary"} busy={busy} onClick={() => void makeLive()}>
        {isForced ? `Make version ${number} live all the same` : `Make version ${number} live`}
      </Button>
    </>
  );
}
