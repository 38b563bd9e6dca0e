import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { CodeField, useSubmit } from "@/session";
import { Actions } from "@/ui/Actions";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { beginSecondFactor, confirmSecondFactor } from "./queries";
import { QrCode } from "./QrCode";
import { RecoveryCodes } from "./RecoveryCodes";

/** Adding an authenticator: its QR code, the first code of it, and the recovery codes, which are shown only here.
 *  `onKept`: the codes have been put away. */
export function Enrolment({ cancel, onKept }: { cancel?: ReactNode; onKept: () => void }) {
  const { mutate: begin, data: begun, error, isPending } = useMutation({ mutationFn: beginSecondFactor });
  useEffect(() => begin(), [begin]);
  const [code, setCode] = useState("");
  const [added, setAdded] = useState<Awaited<ReturnType<typeof confirmSecondFactor>> | null>(null);
  const { busy, problem, onSubmit } = useSubmit(async () => setAdded(await confirmSecondFactor(code.trim())));
  if (added) {
    return (
      <RecoveryCodes
        codes={added.codes}
        onKept={() => {
          onKept();
          void added.goOn();
        }}
      />
    );
  }
  if (error) return <ErrorNote problem={error} busy={isPending} onRetry={() => begin()} />;
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-5">
      <ol className="flex flex-col gap-5 text-sm">
        <li className="flex flex-col gap-3">
          <p className="text-pretty">
            <b className="font-medium">1.</b> Scan this with an authenticator app, or type the key into it.
          </p>
          <div className="flex flex-wrap items-center gap-4">
            {begun ? (
              <QrCode
                text={begun.uri}
                label="QR code for an authenticator app"
                className="size-44 shrink-0 rounded-md border border-line"
              />
            ) : (
              <Skeleton className="size-44" />
            )}
            <div className="min-w-0 flex-1 basis-40">
              <p className="text-xs text-ink-faint">Key</p>
              {begun ? (
                <>
                  <p className="mt-0.5">
                    <code className="block max-w-42 font-mono text-sm">{grouped(begun.secret)}</code>
                  </p>
                  <CopyButton wordy text={begun.secret} label="Copy the key" className="-ml-2.5 mt-1" />
                </>
              ) : (
                <Skeleton className="mt-1 h-10" />
              )}
            </div>
          </div>
        </li>
        <li className="flex flex-col gap-3">
          <p>
            <b className="font-medium">2.</b> Type the code that it shows then.
          </p>
          <CodeField value={code} onChange={setCode} />
        </li>
      </ol>
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions>
        {cancel}
        <Button type="submit" variant="primary" busy={busy} disabled={!begun || code.trim() === ""}>
          Add the authenticator
        </Button>
      </Actions>
    </form>
  );
}

function grouped(secret: string): string {
  return secret.replace(/(.{4})(?=.)/g, "$1 ");
}
