import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "@/session";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { NumberInput } from "@/ui/NumberInput";
import { Skeleton } from "@/ui/Skeleton";
import { keepRuns, retentionQuery } from "./queries";

const LONGEST_DAYS = 3650;

/** How long runs are kept. */
export function KeepRuns() {
  const { data, error, refetch, isFetching } = useQuery(retentionQuery);
  return (
    <Block
      title="How long runs are kept"
      lead="Runs that ended longer ago are deleted with all that their steps gave. Runs that need a person stay."
    >
      {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-9 w-40" />}
      {data && <Days key={data.days} days={data.days ?? null} />}
    </Block>
  );
}

function Days({ days }: { days: number | null }) {
  const { may } = useSession();
  const [typed, setTyped] = useState(days);
  const [asks, setAsks] = useState(false);
  const isRight = typed === null || (typed >= 1 && typed <= LONGEST_DAYS);
  const wanted = typed === null ? "for ever" : `for ${typed} ${typed === 1 ? "day" : "days"}`;
  if (!may("data:manage")) return <p className="text-sm">{days === null ? "For ever." : `For ${days} days.`}</p>;
  return (
    <div className="flex max-w-110 flex-col gap-3">
      <Field
        label="Days"
        hint="Empty: for ever."
        error={!isRight && `A number of days from 1 to ${LONGEST_DAYS.toLocaleString("en")}.`}
      >
        <div className="flex max-w-60 gap-2">
          <NumberInput whole value={typed} onChange={setTyped} placeholder="for ever" />
          <Button disabled={!isRight || typed === days} onClick={() => setAsks(true)}>
            Change
          </Button>
        </div>
      </Field>
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title={`Keep runs ${wanted}?`}
        confirm={`Keep them ${wanted}`}
        danger={typed !== null && (days === null || typed < days)}
        onConfirm={() => keepRuns(typed)}
      >
        <p>
          {typed === null
            ? "No run is deleted any more."
            : "Runs that ended longer ago are deleted within minutes, and nothing brings them back."}
        </p>
      </ConfirmDialog>
    </div>
  );
}
