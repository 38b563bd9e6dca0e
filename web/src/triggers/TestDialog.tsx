import { useState } from "react";
import { Link } from "@/navigation";
import { Actions } from "@/ui/Actions";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { capital } from "@/ui/capital";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { TextArea } from "@/ui/TextArea";
import { Tree } from "@/ui/Tree";
import { type Trigger, tryTrigger } from "./queries";
import { payloadWords, samplePayload } from "./words";

interface TestDialogProps {
  open: boolean;
  onClose: () => void;
  agentId: string;
  trigger: Trigger;
}

/** Says what a delivery would come to, or starts a run of it. */
export function TestDialog({ open, onClose, agentId, trigger }: TestDialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Try it"
      description={`${capital(trigger.about)}: what inputs a delivery would give a run of the live version.`}
    >
      <Test agentId={agentId} trigger={trigger} />
    </Dialog>
  );
}

type Tested = Awaited<ReturnType<typeof tryTrigger>>;

function Test({ agentId, trigger }: { agentId: string; trigger: Trigger }) {
  const [text, setText] = useState(samplePayload(trigger.kind));
  const [busy, setBusy] = useState<"look" | "start" | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [tested, setTested] = useState<Tested | null>(null);
  const wrong = jsonProblem(text);
  const send = async (doing: "look" | "start") => {
    setBusy(doing);
    setProblem(null);
    setTested(null);
    try {
      setTested(await tryTrigger(agentId, trigger.id, JSON.parse(text), doing === "start"));
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(null);
    }
  };
  return (
    <div className="flex flex-col gap-4">
      <Field {...payloadWords(trigger.kind)} error={wrong}>
        <TextArea
          mono
          grows
          className="min-h-24"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <Actions>
        <Button busy={busy === "start"} disabled={wrong !== null} onClick={() => void send("start")}>
          Start a test run
        </Button>
        <Button variant="primary" busy={busy === "look"} disabled={wrong !== null} onClick={() => void send("look")}>
          See what it gives
        </Button>
      </Actions>
      {problem !== null && <ErrorNote problem={problem} />}
      {tested && <Result tested={tested} />}
    </div>
  );
}

function Result({ tested }: { tested: Tested }) {
  return (
    <div className="flex flex-col gap-3" aria-live="polite">
      {tested.run && (
        <Banner
          tone="good"
          title="A test run has started."
          action={
            <Link href={`/runs/${tested.run}`} className="text-link control-sm text-sm font-medium">
              Watch it
            </Link>
          }
        />
      )}
      <div>
        <h3 className="mb-1.5 text-sm font-medium">Inputs of the run</h3>
        <div className="rounded-md border border-line bg-paper px-3 py-2.5">
          {Object.keys(tested.inputs).length > 0 ? (
            <Tree value={tested.inputs} name="Inputs" base="inputs" />
          ) : (
            <p className="text-sm text-ink-soft">None: the agent has no inputs, or all have defaults.</p>
          )}
        </div>
      </div>
    </div>
  );
}

function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (why) {
    return `This is no JSON yet: ${why instanceof Error ? why.message : "it cannot be read"}.`;
  }
}
