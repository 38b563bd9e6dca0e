import { useEffect } from "react";
import { Button, buttonLook } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { refresh } from "./calls";
import { singleSignOnAddress } from "./paths";
import { SignInForm } from "./SignInForm";
import { endSession, useSessionStore } from "./store";
import { useSession } from "./useSession";

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
  const { user, signedInBy } = useSession();
  useLookAgain();
  return (
    <div className="flex flex-col gap-4 pb-2">
      {signedInBy === "sso" && (
        <a href={singleSignOnAddress("/")} target="_blank" rel="noreferrer" className={buttonLook("secondary")}>
          Sign in with single sign-on in another tab
        </a>
      )}
      <SignInForm
        known={user.email}
        other={
          <Button variant="ghost" onClick={() => endSession("nobody")}>
            Not {user.name}?
          </Button>
        }
      />
    </div>
  );
}

/** Whoever comes back from another tab may have signed in there. */
function useLookAgain() {
  useEffect(() => {
    const look = () => void refresh();
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, []);
}
