import { type ReactNode, useId, useState } from "react";
import { PasswordField, useSubmit } from "@/session";
import { Actions } from "@/ui/Actions";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";

interface PasswordAgainProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** The verb on the button. */
  confirm: string;
  danger?: boolean;
  /** Closes by itself when this is through. */
  onConfirm: (password: string) => Promise<void>;
  children: ReactNode;
}

/** Asks for the password once more, before what a borrowed session must not do. */
export function PasswordAgain(props: PasswordAgainProps) {
  return (
    <Dialog open={props.open} onClose={props.onClose} title={props.title} size="sm">
      <Form {...props} />
    </Dialog>
  );
}

function Form({ onClose, confirm, danger, onConfirm, children }: PasswordAgainProps) {
  const id = useId();
  const [password, setPassword] = useState("");
  const { busy, problem, onSubmit } = useSubmit(async () => {
    await onConfirm(password);
    onClose();
  });
  return (
    <form id={id} onSubmit={onSubmit} className="flex flex-col gap-4">
      <div className="text-sm text-ink-soft">{children}</div>
      <PasswordField label="Your password" value={password} onChange={setPassword} />
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant={danger ? "danger" : "primary"} busy={busy}>
          {confirm}
        </Button>
      </Actions>
    </form>
  );
}
