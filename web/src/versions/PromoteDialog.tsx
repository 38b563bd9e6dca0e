import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/client";
import { roleMay, useSession } from "@/session";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { SkeletonLines } from "@/ui/Skeleton";
import { Switch } from "@/ui/Switch";
import { TextInput } from "@/ui/TextInput";
import { toast } from "@/ui/toast";
import { type Agent, promote, promotionQuery } from "./queries";
import { Unmet } from "./Unmet";

interface PromoteDialogProps {
  agent: Agent;
  number: number;
  onClose: () => void;
}

/** Takes a version, as it is, to another workspace of the person's; what is missing there is said before. */
export default function PromoteDialog({ agent, number, onClose }: PromoteDialogProps) {
  const { workspace: here, workspaces } = useSession();
  const others = workspaces.filter(({ id, role }) => id !== here?.id && roleMay(role, "agents:promote"));
  const [target, setTarget] = useState<string | null>(others.length === 1 ? (others[0]?.id ?? null) : null);
  const [goesLive, setGoesLive] = useState(true);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const plan = useQuery({ ...promotionQuery(agent.id, number, target ?? ""), enabled: target !== null });
  const name = others.find(({ id }) => id === target)?.name ?? "";
  const take = async () => {
    if (target === null) return;
    setBusy(true);
    setProblem(null);
    try {
      const body = { workspace: target, version: number, live: goesLive, reason: reason.trim() };
      toast.good(doneWords(await promote(agent.id, body), name));
      onClose();
    } catch (why) {
      setProblem(why);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Take version ${number} to another workspace`}
      description="Its content stays the same to the byte. Secrets stay here: there it uses those of the same names."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={busy} disabled={!plan.data} onClick={() => void take()}>
            Take it there
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 pb-2">
        <Target options={others} target={target} onChoose={setTarget} />
        {target !== null && <Plan plan={plan} name={name} />}
        <Switch label="It goes live there, if it is ready" checked={goesLive} onChange={setGoesLive} />
        <Field label="Why" optional hint="The history there keeps it.">
          <TextInput maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        {problem !== null && <ErrorNote problem={problem} />}
      </div>
    </Dialog>
  );
}

interface TargetProps {
  options: readonly { id: string; name: string }[];
  target: string | null;
  onChoose: (id: string) => void;
}

function Target({ options, target, onChoose }: TargetProps) {
  if (options.length === 0) {
    return (
      <Banner title="There is no other workspace to take it to.">
        You need to be an editor, an admin or an owner of one.
      </Banner>
    );
  }
  return (
    <Field label="Workspace">
      <Select
        value={target}
        options={options.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={onChoose}
      />
    </Field>
  );
}

/** What it would come to there. */
function Plan({ plan, name }: { plan: UseQueryResult<Schemas["PromotionPlan"]>; name: string }) {
  if (plan.error) return <ErrorNote problem={plan.error} onRetry={() => void plan.refetch()} />;
  if (!plan.data) return <SkeletonLines lines={2} label="Looking what is missing there" />;
  const { agent, new: isNew, unmet } = plan.data;
  return (
    <>
      <p className="text-sm text-ink-soft">
        {thereWords(agent, name)} {!isNew && "Its newest version there is this one already."}
      </p>
      {unmet.length === 0 ? (
        <Banner tone="good" title="Nothing is missing there." />
      ) : (
        <Unmet title="Until this is seen to, it does not go live there." unmet={unmet} />
      )}
    </>
  );
}

function thereWords(agent: Agent | null, name: string): string {
  if (!agent) return `The agent is made in ${name}.`;
  if (agent.live_version === null) return `${agent.name} is in ${name}, and no version of it is live.`;
  return `In ${name}, version ${agent.live_version} of ${agent.name} is live.`;
}

function doneWords({ version, live }: Schemas["Promotion"], name: string): string {
  return `It is version ${version.number} in ${name}${live ? ", and live" : ", and not live"}.`;
}
