import { useEffect, useState } from "react";
import { PageTitle, useGo, useParam, usePlace } from "@/navigation";
import { asProblem } from "@/client/problem";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { useFocusOnMount } from "@/ui/useFocusOnMount";
import { setUp } from "./calls";
import { EmailField, PasswordField } from "./Credentials";
import { Doorstep } from "./Doorstep";
import { useAsking } from "./SessionGate";
import { useSessionStore } from "./store";
import { useSubmit } from "./useSubmit";

/** Makes the first owner and their workspace, with the token that was printed when the server first started. */
export function SetUpScreen() {
  useOnward();
  const { problem: unreachable, ask } = useAsking();
  const [owner, setOwner] = useState({ name: "", email: "", password: "", workspace: "Main" });
  const [typedToken, setTypedToken] = useState("");
  const given = useParam("token");
  const token = typedToken || (given ?? "");
  const { busy, problem, onSubmit } = useSubmit(() => setUp({ ...owner, token: token.trim() }));
  const first = useFocusOnMount<HTMLInputElement>();
  const set = (part: Partial<typeof owner>) => setOwner((before) => ({ ...before, ...part }));
  return (
    <Doorstep title="Welcome to Plainwork" lead="Make the first account. It owns this installation.">
      <PageTitle>Set up</PageTitle>
      <form onSubmit={onSubmit} className="flex flex-col gap-4">
        <TokenField wasRefused={asProblem(problem).status === 401} value={typedToken} onChange={setTypedToken} />
        <Field label="Your name">
          <TextInput
            name="name"
            autoComplete="name"
            required
            ref={first}
            maxLength={200}
            value={owner.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        </Field>
        <EmailField value={owner.email} onChange={(email) => set({ email })} />
        <PasswordField isNew value={owner.password} onChange={(password) => set({ password })} />
        <Field
          label="Workspace"
          hint="Agents, runs and secrets live in a workspace. Most have one; its name can be your team's."
        >
          <TextInput
            name="workspace"
            autoComplete="organization"
            required
            maxLength={200}
            value={owner.workspace}
            onChange={(event) => set({ workspace: event.target.value })}
          />
        </Field>
        {problem !== null && <ErrorNote problem={problem} />}
        {problem === null && unreachable !== null && <ErrorNote problem={unreachable} onRetry={ask} />}
        <Button type="submit" variant="primary" busy={busy} className="mt-1 w-full">
          Create account
        </Button>
      </form>
    </Doorstep>
  );
}

/** Only where the link did not carry a token that is right. */
function TokenField(props: { wasRefused: boolean; value: string; onChange: (value: string) => void }) {
  const { wasRefused, value, onChange } = props;
  const { isReady, params } = usePlace();
  if (!isReady || (params.token && !wasRefused)) return null;
  return (
    <Field label="Set-up token" hint="The server printed it when it first started, as part of a link to this page.">
      <TextInput mono required autoComplete="off" value={value} onChange={(event) => onChange(event.target.value)} />
    </Field>
  );
}

function useOnward() {
  const phase = useSessionStore((state) => state.phase);
  const go = useGo();
  useEffect(() => {
    if (phase === "signed-in") go("/", { replace: true });
    if (phase === "nobody") go("/sign-in", { replace: true });
  }, [phase, go]);
}
