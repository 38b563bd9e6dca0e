import { useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { toast } from "@/ui/toast";
import { decisionOf, type Filled, NOTHING_FILLED, WHERE_IT_FAILED } from "./decision";
import { Effect } from "./Effect";
import { JsonField, ReasonField, VersionField } from "./fields";
import { decideRun } from "./queries";
import type { Action, Decided, InboxDetail } from "./types";
import { ACTION_WORDS, outcomeWords } from "./words";

interface Props {
  /** Null: the window is closed. */
  action: Action | null;
  item: InboxDetail;
  /** The steps that a retry can begin with. */
  steps: readonly { value: string; label: string }[];
  onClose: () => void;
  onDecided: (decided: Decided) => void;
}

/** Decides about one run: what it means, what is needed for it, and the exact effect that is in question. */
export function DecisionDialog({ action, item, steps, onClose, onDecided }: Props) {
  const [filled, setFilled] = useState(NOTHING_FILLED);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const made = action === null ? null : decisionOf(action, filled);
  const decide = async () => {
    if (!made || "error" in made) return;
    setBusy(true);
    setProblem(null);
    try {
      const decided = await decideRun(item.id, made.decision);
      toast.good(outcomeWords(decided.did, 1));
      onClose();
      onDecided(decided);
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={action !== null}
      onClose={onClose}
      title={action && TITLES[action]}
      description={action && meaning(action, item)}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant={action === "discard" ? "danger" : "primary"}
            busy={busy}
            disabled={!made || "error" in made}
            onClick={() => void decide()}
          >
            {action && ACTION_WORDS[action]}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {action && <Fields {...{ action, item, steps, filled }} onFill={(more) => setFilled({ ...filled, ...more })} />}
        <Effect item={item} />
        {problem !== null && <ErrorNote problem={problem} />}
      </div>
    </Dialog>
  );
}

const TITLES: Record<Action, string> = {
  retry: "Retry this run?",
  repeat: "Do the step again?",
  skip: "Go on without the step?",
  answer: "Give the step's output?",
  discard: "Discard this run?",
};

/** What a decision comes to. */
function meaning(action: Action, { step, status }: InboxDetail): string {
  const name = step ? `“${step.name}”` : "the step";
  const isWaiting = status === "waiting";
  switch (action) {
    case "retry":
      return "A new run goes on from there. What was done before is not done twice.";
    case "repeat":
      return `Choose this if ${name} has not acted. It is taken again under the same idempotency key.`;
    case "skip":
      return `${isWaiting ? "The run goes on" : "A new run goes on"} as though ${name} had been left out.`;
    case "answer":
      return `${isWaiting ? "The run goes on" : "A new run goes on"} as though ${name} had given this.`;
    case "discard":
      return isWaiting
        ? "It is cancelled, and nothing more is done."
        : "It leaves the inbox, and nothing more is done.";
  }
}

interface FieldsProps extends Pick<Props, "item" | "steps"> {
  action: Action;
  filled: Filled;
  onFill: (more: Partial<Filled>) => void;
}

function Fields({ action, item, steps, filled, onFill }: FieldsProps) {
  const isNewRun = item.status !== "waiting" && (action === "retry" || action === "skip" || action === "answer");
  const made = decisionOf(action, filled);
  const error = "error" in made ? made.error : null;
  return (
    <>
      {action === "retry" && (
        <Field label="Begin with">
          <Select
            options={[{ value: WHERE_IT_FAILED, label: failedWord(item) }, ...steps]}
            value={filled.from}
            onChange={(from) => onFill({ from })}
          />
        </Field>
      )}
      {action === "answer" && (
        <JsonField
          label="Output"
          required
          hint="JSON, as later steps are to see it."
          placeholder='{"status": 200}'
          value={filled.output}
          error={error}
          onChange={(output) => onFill({ output })}
        />
      )}
      {isNewRun && <VersionField value={filled.version} onChange={(version) => onFill({ version })} />}
      {action === "retry" && (
        <JsonField
          label="Other outputs"
          hint="JSON: what steps are to have given instead, by their names. They are not taken."
          placeholder='{"fetch_the_posts": {"status": 200, "body": []}}'
          value={filled.outputs}
          error={error}
          onChange={(outputs) => onFill({ outputs })}
        />
      )}
      {action === "discard" && <ReasonField value={filled.reason} onChange={(reason) => onFill({ reason })} />}
    </>
  );
}

function failedWord({ step }: InboxDetail): string {
  return step ? `${step.name}, where it failed` : "Where it stopped";
}
