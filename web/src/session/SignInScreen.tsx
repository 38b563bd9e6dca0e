import { KeyRound } from "lucide-react";
import { useEffect } from "react";
import { Link, PageTitle, useGo, useParam } from "@/navigation";
import { Banner } from "@/ui/Banner";
import { buttonLook } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { ErrorNote } from "@/ui/ErrorNote";
import { Doorstep } from "./Doorstep";
import { placeAfter, singleSignOnAddress } from "./paths";
import { useAsking } from "./SessionGate";
import { SignInForm } from "./SignInForm";
import { refusalWords } from "./sso";
import { useSessionStore } from "./store";

/** Signing in. Those who are signed in already go on; where nobody can be yet, the first owner is made. */
export function SignInScreen() {
  useOnward();
  const { problem: unreachable, ask } = useAsking();
  return (
    <Doorstep title="Sign in">
      <PageTitle>Sign in</PageTitle>
      <div className="flex flex-col gap-5">
        <Refusal />
        <SignInForm
          aside={
            <Link href="/reset-password" className="text-link control-sm self-start text-sm text-ink-soft">
              Forgot your password?
            </Link>
          }
          note={unreachable !== null && <ErrorNote problem={unreachable} onRetry={ask} />}
        />
        <SingleSignOn />
      </div>
    </Doorstep>
  );
}

/** Why the provider's word was not enough. */
function Refusal() {
  const reason = useParam("sso");
  if (reason === null) return null;
  const { title, next_step } = refusalWords(reason);
  return (
    <Banner tone={reason === "cancelled" ? "idle" : "bad"} title={title}>
      {next_step}
    </Banner>
  );
}

function SingleSignOn() {
  const isThere = useSessionStore(({ ways }) => ways?.single_sign_on ?? false);
  const next = useParam("next");
  if (!isThere) return null;
  return (
    <>
      <p aria-hidden className="flex items-center gap-3 text-xs text-ink-faint">
        <span className="h-px grow bg-line" /> or <span className="h-px grow bg-line" />
      </p>
      <a href={singleSignOnAddress(placeAfter(next))} className={cx(buttonLook("secondary"), "w-full")}>
        <KeyRound aria-hidden className="size-4" />
        Continue with single sign-on
      </a>
    </>
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
