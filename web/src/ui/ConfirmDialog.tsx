import { type ReactNode, useState } from "react";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { ErrorNote } from "./ErrorNote";

/** Asks before something is done. It closes when `onConfirm` is through; when that fails, it says why and stays. */
export function ConfirmDialog({
  open,
  onClose,
  title,
  children,
  confirm,
  dismiss = "Cancel",
  danger,
  onConfirm,
}: {
  open: boolean;
  onClose: () => void;
  /** The question. */
  title: ReactNode;
  /** What will happen. */
  children?: ReactNode;
  /** The verb on the button, such as "Delete agent". */
  confirm: string;
  /** The way back, where "Cancel" could be taken for the deed. */
  dismiss?: string;
  danger?: boolean;
  onConfirm: () => Promise<void> | void;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const close = () => {
    setProblem(null);
    onClose();
  };
  const run = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      close();
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      size="sm"
      footer={
        <>
          <Button onClick={close}>{dismiss}</Button>
          <Button variant={danger ? "danger" : "primary"} busy={busy} onClick={() => void run()}>
            {confirm}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-sm text-ink-soft">
        {children}
        {problem !== null && <ErrorNote problem={problem} />}
      </div>
    </Dialog>
  );
}
