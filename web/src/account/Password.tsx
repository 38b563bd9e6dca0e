import { useState } from "react";
import { PasswordField, useSession, useSubmit } from "@/session";
import { Actions } from "@/ui/Actions";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { toast } from "@/ui/toast";
import { changePassword } from "./queries";

/** Changing the password. */
export function Password() {
  const [isOpen, setOpen] = useState(false);
  return (
    <Block
      title="Password"
      lead="When you change it, you stay signed in here and are signed out everywhere else."
      actions={<Button onClick={() => setOpen(true)}>Change password</Button>}
    >
      <Dialog open={isOpen} onClose={() => setOpen(false)} title="Change your password" size="sm">
        <Form onClose={() => setOpen(false)} />
      </Dialog>
    </Block>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { user } = useSession();
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, onSubmit } = useSubmit(async () => {
    await changePassword(old, password);
    toast.good("Your password is changed.");
    onClose();
  });
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <input type="email" name="email" autoComplete="username" value={user.email} readOnly hidden />
      <PasswordField label="Your password now" value={old} onChange={setOld} />
      <PasswordField label="New password" isNew value={password} onChange={setPassword} />
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" busy={busy}>
          Change password
        </Button>
      </Actions>
    </form>
  );
}
