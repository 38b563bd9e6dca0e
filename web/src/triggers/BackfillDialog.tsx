import { useState } from "react";
import { Actions } from "@/ui/Actions";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { formatExact } from "@/ui/time";
import { toast } from "@/ui/toast";
import { backfill } from "./queries";
import { dayBefore } from "./words";

interface BackfillDialogProps {
  open: boolean;
  onClose: () => void;
  agentId: string;
  triggerId: string;
}

/** Fills in times that passed without a run: says which they are before any starts. */
export function BackfillDialog({ open, onClose, agentId, triggerId }: BackfillDialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Fill in missed times"
      description="Each time that passed without a run gets one, at most once however often you ask. Up to 90 days back."
    >
      <Form onClose={onClose} agentId={agentId} triggerId={triggerId} />
    </Dialog>
  );
}

type Found = Awaited<ReturnType<typeof backfill>>;
const SHOWN = 8;

function Form({ onClose, agentId, triggerId }: Omit<BackfillDialogProps, "open">) {
  const [days, setDays] = useState(() => ({ from: dayBefore(7, new Date()), to: dayBefore(0, new Date()) }));
  const [isPaced, setPaced] = useState(true);
  const [found, setFound] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const change = (part: Partial<typeof days>) => {
    setDays({ ...days, ...part });
    setFound(null);
  };
  const send = async (preview: boolean) => {
    setBusy(true);
    setProblem(null);
    try {
      const pace = isPaced ? ("one by one" as const) : ("at once" as const);
      const told = await backfill(agentId, triggerId, { ...spanOf(days), pace, preview });
      if (preview) return setFound(told);
      toast.good(told.started === 1 ? "One run starts." : `${told.started} runs start.`);
      onClose();
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(false);
    }
  };
  const canStart = found !== null && found.times.length > 0;
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-2 gap-3">
        <Field label="From">
          <TextInput
            type="date"
            value={days.from}
            max={days.to}
            onChange={(event) => change({ from: event.target.value })}
          />
        </Field>
        <Field label="To">
          <TextInput
            type="date"
            value={days.to}
            min={days.from}
            onChange={(event) => change({ to: event.target.value })}
          />
        </Field>
      </div>
      <Checkbox
        label="One after the other"
        hint="Each starts when the one before has ended."
        checked={isPaced}
        onChange={setPaced}
      />
      {found && <Times found={found} />}
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        {canStart ? (
          <Button variant="primary" busy={busy} onClick={() => void send(false)}>
            {found.times.length === 1 ? "Start one run" : `Start ${found.times.length} runs`}
          </Button>
        ) : (
          <Button variant="primary" busy={busy} disabled={!days.from || !days.to} onClick={() => void send(true)}>
            See which
          </Button>
        )}
      </Actions>
    </div>
  );
}

function Times({ found: { times, more } }: { found: Found }) {
  if (times.length === 0) return <p className="text-sm text-ink-soft">No time between these days was without a run.</p>;
  const left = times.length - SHOWN;
  return (
    <div className="rounded-md bg-sunken px-3 py-2 text-sm tabular-nums">
      <ul aria-label="Times without a run">
        {times.slice(0, SHOWN).map((at) => (
          <li key={at}>{formatExact(at)}</li>
        ))}
      </ul>
      {left > 0 && <p className="text-ink-soft">and {left} more</p>}
      {more && <p className="text-ink-soft">There are others between these days: these are the oldest hundred.</p>}
    </div>
  );
}

/** Whole days of the person's zone, up to now. */
function spanOf({ from, to }: { from: string; to: string }): { from: string; to: string } {
  const end = new Date(`${to}T00:00:00`);
  end.setDate(end.getDate() + 1);
  const now = new Date();
  return { from: new Date(`${from}T00:00:00`).toISOString(), to: (end < now ? end : now).toISOString() };
}
