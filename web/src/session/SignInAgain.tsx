import { useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { signIn } from "./calls";
import { EmailField, PasswordField } from "./Credentials";
import { endSession, useSessionStore } from "./store";
import { useSession } from "./useSession";
import { useSubmit } from "./useSubmit";

/** Stands over the page when the session has ended under it. The page stays as it is, with what was typed in it. */
export function SignInAgain() {
  const isExpired = useSessionStore((state) => state.isExpired);
  return (
    <Dialog
      open={isExpired}
      onClose={() => undefined}
      dismissible={false}
      size="sm"
      title="Your session has ended"
      description="Sign in again to go on. The page stays as it is, with everything that you typed."
    >
      <Form />
    </Dialog>
  );
}

function Form() {
  const { user } = useSession();
  const [password, setPassword] = useState("");
  const { busy, problem, onSubmit } = useSubmit(() => signIn(user.email, password));
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4 pb-2">
      <EmailField value={user.email} onChange={() => undefined} readOnly />
      <PasswordField value={password} onChange={setPassword} autoFocus />
      {problem !== null && <ErrorNote problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button variant="ghost" onClick={() => endSession("nobody")}>
          Not {user.name}?
        </Button>
        <Button type="submit" variant="primary" busy={busy}>
          Sign in
        </Button>
      </div>
    </form>
  );
}
