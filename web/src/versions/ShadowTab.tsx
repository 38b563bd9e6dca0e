import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "@/session";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { NumberInput } from "@/ui/NumberInput";
import { Select } from "@/ui/Select";
import { SkeletonLines } from "@/ui/Skeleton";
import { nameOf, type Which, whichOf } from "./place";
import { type Agent, draftQuery, replayInShadow, versionsQuery } from "./queries";
import { ShadowResult } from "./ShadowResult";

const MOST_RUNS = 200;
const STATUSES = ["succeeded", "failed"] as const;
type Status = (typeof STATUSES)[number];
const LEAD = (
  <>
    What the agent&rsquo;s last runs would have come to with another text. <strong>Nothing is done for real:</strong>{" "}
    nobody outside is asked, no run is made, and answers are taken from the record.
  </>
);

/** Takes past runs through a version or the draft in memory, and says what would differ. */
export function ShadowTab({ agent, chosen }: { agent: Agent; chosen: Which | null }) {
  const { may } = useSession();
  const draft = useQuery(draftQuery(agent.id));
  const versions = useInfiniteQuery(versionsQuery(agent.id));
  if (!may("agents:write")) {
    return <EmptyState title="You may not replay runs">Editors of the workspace may.</EmptyState>;
  }
  const error = draft.error ?? versions.error;
  if (error)
    return <ErrorNote problem={error} onRetry={() => void Promise.all([draft.refetch(), versions.refetch()])} />;
  if (!draft.data || !versions.data) return <SkeletonLines lines={4} />;
  const numbers = versions.data.pages.flatMap((page) => page.versions.map(({ number }) => number));
  const texts: Which[] = [...(draft.data.revision > 0 ? (["draft"] as const) : []), ...numbers];
  if (texts.length === 0)
    return <EmptyState title="There is no version yet">Nor any run to take through one.</EmptyState>;
  return <Replay key={String(chosen)} agentId={agent.id} texts={texts} chosen={chosen} />;
}

interface ReplayProps {
  agentId: string;
  texts: readonly Which[];
  chosen: Which | null;
}

function Replay({ agentId, texts, chosen }: ReplayProps) {
  const [which, setWhich] = useState<Which>(() => texts.find((one) => one === chosen) ?? texts[0] ?? "draft");
  const [last, setLast] = useState<number | null>(20);
  const [statuses, setStatuses] = useState<readonly Status[]>(STATUSES);
  const isNumberRight = last !== null && Number.isInteger(last) && last >= 1 && last <= MOST_RUNS;
  const isRight = isNumberRight && statuses.length > 0;
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: () =>
      replayInShadow(agentId, {
        ...(which === "draft" ? {} : { version: which }),
        ...(last === null ? {} : { last }),
        statuses: [...statuses],
      }),
  });
  return (
    <Block title="Shadow replay" lead={LEAD}>
      <form
        className="flex flex-wrap items-end gap-x-4 gap-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight && !isPending) mutate();
        }}
      >
        <Field label="With" className="w-44">
          <Select
            value={String(which)}
            options={texts.map((one) => ({ value: String(one), label: nameOf(one) }))}
            onChange={(next) => setWhich(whichOf(next) ?? which)}
          />
        </Field>
        <Field label="Last runs" className="w-32" error={!isNumberRight && `From 1 to ${MOST_RUNS}.`}>
          <NumberInput whole value={last} onChange={setLast} />
        </Field>
        <fieldset className="flex flex-wrap gap-x-4">
          <legend className="sr-only">Which runs</legend>
          {STATUSES.map((status) => (
            <Checkbox
              key={status}
              label={`That ${status}`}
              checked={statuses.includes(status)}
              onChange={(checked) =>
                setStatuses((before) => STATUSES.filter((one) => (one === status ? checked : before.includes(one))))
              }
            />
          ))}
        </fieldset>
        <Button type="submit" variant="primary" busy={isPending} disabled={!isRight}>
          Replay
        </Button>
      </form>
      {isPending && <SkeletonLines lines={4} label="Taking the runs through it" />}
      {error && <ErrorNote problem={error} />}
      {data && <ShadowResult report={data} />}
    </Block>
  );
}
