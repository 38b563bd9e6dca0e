import { useEffect, useState } from "react";
import { PageTitle, useGo, useParam } from "@/navigation";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { signIn } from "./calls";
import { EmailField, PasswordField } from "./Credentials";
import { Doorstep } from "./Doorstep";
import { placeAfter } from "./paths";
import { useAsking } from "./SessionGate";
import { useSessionStore } from "./store";
import { useSubmit } from "./useSubmit";

/** Signing in. Those who are signed in already go on; where nobody can be yet, the first owner is made. */
export function SignInScreen() {
  useOnward();
  const { problem: unreachable, ask } = useAsking();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, onSubmit } = useSubmit(() => signIn(email, password));
  return (
    <Doorstep title="Sign in">
      <PageTitle>Sign in</PageTitle>
      <form onSubmit={onSubmit} className="flex flex-col gap-4">
        <EmailField value={email} onChange={setEmail} autoFocus />
        <PasswordField value={password} onChange={setPassword} />
        {problem !== null && <ErrorNote problem={problem} />}
        {problem === null && unreachable !== null && <ErrorNote problem={unreachable} onRetry={ask} />}
        <Button type="submit" variant="primary" busy={busy} className="mt-1 w-full">
          Sign in
        </Button>
      </form>
    </Doorstep>
  );
}

function useOnward() {
  const phase = useSessionStore((state) => state.phase);
  const next = useParam("next");
  const go = useGo();
  useEffect(() => {
    if (phase === "signed-in") go(placeAfter(next), { replace: true });
    if (phase === "new") go("/setup", { replace: true });
  }, [phase, next, go]);
}
