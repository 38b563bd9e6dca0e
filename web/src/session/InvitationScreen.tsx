import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, type Schemas } from "@/client";
import { asProblem, unwrap } from "@/client/problem";
import { Link, PageTitle, useFragment, useGo } from "@/navigation";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { SkeletonLines } from "@/ui/Skeleton";
import { TextInput } from "@/ui/TextInput";
import { acceptInvitation, joinWorkspace, signOut } from "./calls";
import { EmailField, PasswordField } from "./Credentials";
import { Doorstep } from "./Doorstep";
import { useAsking } from "./SessionGate";
import { aRole } from "./roles";
import { SignInForm } from "./SignInForm";
import { useSessionStore } from "./store";
import { useSubmit } from "./useSubmit";

type Invitation = Schemas["InvitationShown"];

/** Accepting an invitation: as somebody new, or as who has an account already. */
export function InvitationScreen() {
  const token = useFragment("token");
  const { problem: unreachable, ask } = useAsking();
  const { data, error, refetch } = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => unwrap(api.POST("/api/v1/invitations/look", { body: { token: token ?? "" } })),
    enabled: Boolean(token),
    staleTime: "static", // signing in asks everything anew, and by then the invitation is used up
  });
  if (token === null || asProblem(error).status === 404) return <Over />;
  const problem: unknown = error ?? unreachable;
  if (!data || !token) {
    return (
      <Frame title="Your invitation">
        {problem === null ? (
          <SkeletonLines lines={4} label="Looking at the invitation" />
        ) : (
          <ErrorNote problem={problem} onRetry={() => (error ? void refetch() : ask())} />
        )}
      </Frame>
    );
  }
  return (
    <Frame title={`Join ${data.workspace}`} lead={`You are invited as ${data.email}, to be ${aRole(data.role)}.`}>
      <Answer invitation={data} token={token} />
    </Frame>
  );
}

function Frame({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <Doorstep title={title} lead={lead}>
      <PageTitle>{title}</PageTitle>
      {children}
    </Doorstep>
  );
}

function Over() {
  return (
    <Frame title="This invitation is over" lead="It was accepted, taken back, or is older than seven days.">
      <p className="mb-5 text-ink-soft">
        Ask who invited you for another one. If you have accepted it before, sign in.
      </p>
      <Link href="/sign-in" className="text-link control-sm">
        Go to signing in
      </Link>
    </Frame>
  );
}

interface AnswerProps {
  invitation: Invitation;
  token: string;
}

function Answer({ invitation, token }: AnswerProps) {
  const phase = useSessionStore((state) => state.phase);
  const signedInAs = useSessionStore(({ session }) => session?.user.email ?? null);
  const [hasAccount, setHasAccount] = useState(false);
  if (phase === "asking") return <SkeletonLines lines={3} />;
  if (signedInAs !== null && signedInAs.toLowerCase() === invitation.email.toLowerCase()) {
    return <Join invitation={invitation} token={token} />;
  }
  if (signedInAs !== null) return <SomebodyElse email={signedInAs} />;
  if (!hasAccount) return <Newcomer invitation={invitation} token={token} onHasAccount={() => setHasAccount(true)} />;
  return (
    <SignInForm
      known={invitation.email}
      other={
        <Button variant="ghost" onClick={() => setHasAccount(false)}>
          Back
        </Button>
      }
    />
  );
}

function Join({ invitation, token }: AnswerProps) {
  const go = useGo();
  const { busy, problem, onSubmit } = useSubmit(async () => {
    await joinWorkspace(token);
    go("/", { replace: true });
  });
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      {problem !== null && <ErrorNote problem={problem} />}
      <Button type="submit" variant="primary" busy={busy} className="w-full">
        Join {invitation.workspace}
      </Button>
    </form>
  );
}

function SomebodyElse({ email }: { email: string }) {
  const { busy, problem, onSubmit } = useSubmit(signOut);
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <p className="text-ink-soft">
        You are signed in as {email}, and this invitation is for another address. Sign out to accept it.
      </p>
      {problem !== null && <ErrorNote problem={problem} />}
      <Button type="submit" busy={busy} className="w-full">
        Sign out
      </Button>
    </form>
  );
}

function Newcomer({ invitation, token, onHasAccount }: AnswerProps & { onHasAccount: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const go = useGo();
  const { busy, problem, onSubmit } = useSubmit(async () => {
    await acceptInvitation({ token, name: name.trim(), password });
    go("/", { replace: true });
  });
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <EmailField value={invitation.email} onChange={() => undefined} readOnly />
      <Field label="Your name">
        <TextInput
          name="name"
          autoComplete="name"
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <PasswordField isNew value={password} onChange={setPassword} />
      {problem !== null && <ErrorNote problem={problem} />}
      <Button type="submit" variant="primary" busy={busy} className="mt-1 w-full">
        Create account and join
      </Button>
      <button type="button" onClick={onHasAccount} className="text-link control-sm self-start text-sm text-ink-soft">
        I have an account with this address
      </button>
    </form>
  );
}
