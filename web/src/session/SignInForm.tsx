import { type ReactNode, useState } from "react";
import { asProblem } from "@/client/problem";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { signIn } from "./calls";
import { CodeField, EmailField, PasswordField } from "./Credentials";
import { useSubmit } from "./useSubmit";

interface SignInFormProps {
  /** Who signs in, where that is known. */
  known?: string;
  /** Stands under the password, such as a way to get a new one. */
  aside?: ReactNode;
  /** Another way out, beside the button. */
  other?: ReactNode;
  /** Shown while nothing else went wrong. */
  note?: ReactNode;
}

/** E-mail and password, then the code of the second factor where the account has one. */
export function SignInForm({ known, aside, other, note }: SignInFormProps) {
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [asksForCode, setAsksForCode] = useState(false);
  const { busy, problem, onSubmit } = useSubmit(async () => {
    try {
      await signIn(email, password);
    } catch (why) {
      if (asProblem(why).code !== "CodeNeeded") throw why;
      setAsksForCode(true);
    }
  });
  if (asksForCode) return <CodeStep email={email} password={password} onBack={() => setAsksForCode(false)} />;
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <EmailField value={email} onChange={setEmail} readOnly={known !== undefined} autoFocus={known === undefined} />
      <div className="flex flex-col gap-1.5">
        <PasswordField value={password} onChange={setPassword} autoFocus={known !== undefined} />
        {aside}
      </div>
      {problem !== null ? <ErrorNote problem={problem} /> : note}
      <Buttons busy={busy} other={other} label="Sign in" />
    </form>
  );
}

/** The password was right; the account asks for a code as well. */
function CodeStep({ email, password, onBack }: { email: string; password: string; onBack: () => void }) {
  const [code, setCode] = useState("");
  const [isRecovery, setRecovery] = useState(false);
  const { busy, problem, onSubmit } = useSubmit(() => signIn(email, password, code.trim()));
  const swap = () => {
    setCode("");
    setRecovery(!isRecovery);
  };
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <div className="flex flex-col gap-1.5">
        <CodeField
          key={String(isRecovery)}
          isRecovery={isRecovery}
          value={code}
          onChange={setCode}
          hint={
            isRecovery
              ? "One of those that you were given when you added the authenticator. Each works once."
              : "The six digits that your authenticator shows now."
          }
        />
        <button type="button" onClick={swap} className="text-link control-sm self-start text-sm">
          {isRecovery ? "Use the authenticator" : "Use a recovery code"}
        </button>
      </div>
      {problem !== null && <ErrorNote problem={problem} />}
      <Buttons
        busy={busy}
        label="Confirm"
        other={
          <Button variant="ghost" onClick={onBack}>
            Back
          </Button>
        }
      />
    </form>
  );
}

function Buttons({ busy, label, other }: { busy: boolean; label: string; other?: ReactNode }) {
  return (
    <div className="mt-1 flex flex-wrap justify-end gap-2">
      {other}
      <Button type="submit" variant="primary" busy={busy} className={other ? undefined : "w-full"}>
        {label}
      </Button>
    </div>
  );
}
