import { useState } from "react";
import { api } from "@/client";
import { asProblem, unwrap } from "@/client/problem";
import { Link, PageTitle, useFragment, useGo } from "@/navigation";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { EmailField, PasswordField } from "./Credentials";
import { Doorstep } from "./Doorstep";
import { useAsking } from "./SessionGate";
import { endSession, useSessionStore } from "./store";
import { useSubmit } from "./useSubmit";

/** A lost password: without a token a link is asked for, with the token of such a link a new password is set. */
export function ResetPasswordScreen() {
  const token = useFragment("token");
  const [isOver, setOver] = useState(false);
  const wantsLink = token === null || isOver;
  return (
    <Doorstep title={wantsLink ? "Forgot your password?" : "Set a new password"}>
      <PageTitle>{wantsLink ? "Forgot your password" : "Set a new password"}</PageTitle>
      <div className="flex flex-col gap-5">
        {isOver && (
          <Banner tone="warn" title="That link is over.">
            Each works once, and for an hour. Ask for another one.
          </Banner>
        )}
        {token === undefined && <SkeletonLines lines={3} />}
        {wantsLink && <AskForLink />}
        {token && !isOver && <NewPassword token={token} onOver={() => setOver(true)} />}
        <Link href="/sign-in" className="text-link control-sm self-start text-sm text-ink-soft">
          Back to signing in
        </Link>
      </div>
    </Doorstep>
  );
}

function AskForLink() {
  const { problem: unreachable, ask } = useAsking();
  const ways = useSessionStore((state) => state.ways);
  if (unreachable !== null) return <ErrorNote problem={unreachable} onRetry={ask} />;
  if (!ways) return <SkeletonLines lines={2} />;
  return ways.mails ? <MailForm /> : <NoMails />;
}

function MailForm() {
  const [email, setEmail] = useState("");
  const [sentTo, setSentTo] = useState<string | null>(null);
  const { busy, problem, onSubmit } = useSubmit(async () => {
    await unwrap(api.POST("/api/v1/password-resets", { body: { email } }));
    setSentTo(email);
  });
  if (sentTo !== null) {
    return (
      <Banner tone="good" title="Look into your inbox.">
        If {sentTo} has an account here, a mail with a link is on its way. The link works once, within an hour.
      </Banner>
    );
  }
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <p className="text-ink-soft">You get a mail with a link that sets a new one.</p>
      <EmailField value={email} onChange={setEmail} autoFocus />
      {problem !== null && <ErrorNote problem={problem} />}
      <Button type="submit" variant="primary" busy={busy} className="mt-1 w-full">
        Send the link
      </Button>
    </form>
  );
}

function NoMails() {
  return (
    <div className="flex flex-col gap-2 text-ink-soft">
      <p>This installation sends no mails. Ask an owner of your workspace for a link that sets a new password.</p>
      <p>
        Whoever runs the machine can make one too:{" "}
        <code className="font-mono text-sm text-ink">plainwork reset-password</code> with your e-mail address.
      </p>
    </div>
  );
}

function NewPassword({ token, onOver }: { token: string; onOver: () => void }) {
  const [password, setPassword] = useState("");
  const go = useGo();
  const { busy, problem, onSubmit } = useSubmit(async () => {
    try {
      await unwrap(api.POST("/api/v1/password-resets/complete", { body: { token, password } }));
    } catch (why) {
      if (asProblem(why).status !== 404) throw why;
      return onOver();
    }
    toast.good("Your new password is set. Sign in with it.");
    endSession("nobody");
    go("/sign-in", { replace: true });
  });
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <p className="text-ink-soft">Wherever you are signed in, you will be signed out.</p>
      <PasswordField label="New password" isNew autoFocus value={password} onChange={setPassword} />
      {problem !== null && <ErrorNote problem={problem} />}
      <Button type="submit" variant="primary" busy={busy} className="mt-1 w-full">
        Set the password
      </Button>
    </form>
  );
}
