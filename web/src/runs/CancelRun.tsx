import { Ban } from "lucide-react";
import { useState } from "react";
import { useSession } from "@/session";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { isOver, type Run } from "./types";
import { cancelRun } from "./useRun";

/** Ends a run that is not over yet, after a question. Shows nothing to who may not. */
export function CancelRun({ run }: { run: Run }) {
  const { may } = useSession();
  const [isOpen, setOpen] = useState(false);
  if (isOver(run.status) || !may("runs:write")) return null;
  return (
    <>
      <Button size="sm" icon={Ban} onClick={() => setOpen(true)}>
        Cancel
      </Button>
      <ConfirmDialog
        open={isOpen}
        onClose={() => setOpen(false)}
        title="Cancel this run?"
        confirm="Cancel the run"
        dismiss="Let it run"
        danger
        onConfirm={() => cancelRun(run.id)}
      >
        <p>It ends within a second and cannot be taken up again. What its steps have done so far stays done.</p>
      </ConfirmDialog>
    </>
  );
}
