import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { PageTitle, useGo, usePlace } from "@/navigation";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { askSession } from "./calls";
import { onReturn } from "./connection";
import { signInAddress } from "./paths";
import { SignInAgain } from "./SignInAgain";
import { useSession } from "./useSession";
import { useSessionStore } from "./store";

const EnrolmentScreen = lazy(() => import("@/account/EnrolmentScreen"));

/** Lets those through who are signed in; sends the others to where they can sign in or set up. `waiting` stands here
 *  until that is known, in the export too. */
export function SessionGate({ waiting, children }: { waiting: ReactNode; children: ReactNode }) {
  const phase = useSessionStore((state) => state.phase);
  const { problem, ask } = useAsking();
  useRedirect();
  if (phase === "signed-in") return <SignedIn waiting={waiting}>{children}</SignedIn>;
  if (problem === null) return waiting;
  return (
    <main className="mx-auto max-w-140 p-4 pt-[20vh]">
      <PageTitle>Plainwork cannot be reached</PageTitle>
      <ErrorNote problem={problem} onRetry={ask} />
    </main>
  );
}

function SignedIn({ waiting, children }: { waiting: ReactNode; children: ReactNode }) {
  const { workspace } = useSession();
  return (
    <>
      {workspace?.enrolment_needed && (
        <Suspense fallback={waiting}>
          <EnrolmentScreen />
        </Suspense>
      )}
      {workspace && !workspace.enrolment_needed && (
        <div key={workspace.id} className="contents">
          {children}
        </div>
      )}
      {!workspace && (
        <main className="pt-[20vh]">
          <EmptyState level="h1" title="You belong to no workspace">
            Ask the owner of one to invite you.
          </EmptyState>
        </main>
      )}
      <SignInAgain />
    </>
  );
}

/** Asks who is signed in, once, and again when the server is back. */
export function useAsking() {
  const phase = useSessionStore((state) => state.phase);
  const [problem, setProblem] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const isOpen = phase === "asking";
  useEffect(() => {
    if (!isOpen) return;
    let isCurrent = true;
    askSession().catch((why: unknown) => isCurrent && setProblem(why));
    return () => {
      isCurrent = false;
    };
  }, [isOpen, round]);
  useEffect(() => onReturn(() => setRound((before) => before + 1)), []);
  return { problem: isOpen ? problem : null, ask: () => setRound((before) => before + 1) };
}

function useRedirect() {
  const phase = useSessionStore((state) => state.phase);
  const { isReady } = usePlace();
  const go = useGo();
  useEffect(() => {
    if (!isReady) return;
    const { pathname, search, hash } = window.location;
    if (phase === "new") go("/setup", { replace: true });
    if (phase === "nobody") go(signInAddress(pathname + search + hash), { replace: true });
  }, [phase, isReady, go]);
}
