import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Badge } from "@/ui/Badge";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton, SkeletonLines } from "@/ui/Skeleton";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { PasswordAgain } from "./PasswordAgain";
import { removeSecondFactor, renewRecoveryCodes, secondFactorQuery } from "./queries";
import { RecoveryCodes } from "./RecoveryCodes";

const Enrolment = lazy(() => import("./Enrolment").then((part) => ({ default: part.Enrolment })));

type Doing = "add" | "renew" | "remove";

/** Whether signing in takes a code as well, and how that is changed. */
export function SecondFactor() {
  const { data, error, refetch, isFetching } = useQuery(secondFactorQuery);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const close = () => setDoing(null);
  const isOn = data ? data.enabled_at !== null : null;
  return (
    <Block
      title="Second factor"
      lead="A code from an authenticator app, asked for after your password. Whoever learns the password alone cannot get in."
      actions={isOn === false && <Button onClick={() => setDoing("add")}>Add an authenticator</Button>}
    >
      {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-18" />}
      {data && (
        <Rows label="Second factor">
          <RowOf
            title={
              <>
                Authenticator
                {isOn ? <Badge tone="good">On</Badge> : <Badge>Not added</Badge>}
              </>
            }
            facts={data.enabled_at ? <Added at={data.enabled_at} left={data.recovery_codes_left} /> : NOT_ADDED}
            actions={
              isOn && (
                <>
                  <Button size="sm" onClick={() => setDoing("renew")}>
                    New recovery codes
                  </Button>
                  <Button size="sm" variant="ghost" onClick={() => setDoing("remove")}>
                    Remove
                  </Button>
                </>
              )
            }
          />
        </Rows>
      )}
      <AddDialog open={doing === "add"} onClose={close} onAdded={() => void refetch()} />
      <PasswordAgain
        open={doing === "renew"}
        onClose={close}
        title="Make new recovery codes?"
        confirm="Make new codes"
        onConfirm={async (password) => setCodes(await renewRecoveryCodes(password))}
      >
        You get ten new ones. Those that you have now are worth nothing from then on.
      </PasswordAgain>
      <PasswordAgain
        open={doing === "remove"}
        onClose={close}
        title="Remove the second factor?"
        confirm="Remove it"
        danger
        onConfirm={async (password) => {
          await removeSecondFactor(password);
          toast.good("Signing in takes your password alone again.");
        }}
      >
        Signing in takes your password alone again, and the recovery codes are worth nothing. Workspaces that ask for a
        second factor stay closed to you until you add another.
      </PasswordAgain>
      <Dialog
        open={codes !== null}
        onClose={() => undefined}
        dismissible={false}
        size="sm"
        title="Your new recovery codes"
      >
        {codes && <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
      </Dialog>
    </Block>
  );
}

const NOT_ADDED = "Signing in takes your password alone.";

function Added({ at, left }: { at: string; left: number }) {
  return (
    <>
      Added <Time at={at} />. {left} recovery {left === 1 ? "code is" : "codes are"} left.
    </>
  );
}

function AddDialog({ open, onClose, onAdded }: { open: boolean; onClose: () => void; onAdded: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} dismissible={false} title="Add an authenticator">
      <Suspense fallback={<SkeletonLines lines={6} />}>
        <Enrolment
          cancel={<Button onClick={onClose}>Cancel</Button>}
          onKept={() => {
            onClose();
            onAdded();
          }}
        />
      </Suspense>
    </Dialog>
  );
}
