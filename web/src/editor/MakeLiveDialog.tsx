import { useState } from "react";
import { type OpenDocument, useDocument } from "@/document";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { useNow } from "@/ui/Time";
import { formatSoon } from "@/ui/time";
import { toast } from "@/ui/toast";
import { type Agent, publish, setLive, useGate } from "@/versions";
import { isError } from "./findings";

interface MakeLiveDialogProps {
  document: OpenDocument;
  agent: Agent;
  onClose: () => void;
  onShowFindings: () => void;
}

/** Asks before the draft becomes what schedules and callers run: says what will start it, and when next. */
export function MakeLiveDialog({ document, agent, onClose, onShowFindings }: MakeLiveDialogProps) {
  const findings = useDocument(document, (state) => state.reading?.findings);
  const errors = findings?.filter(isError).length ?? 0;
  const warnings = (findings?.length ?? 0) - errors;
  const [note, setNote] = useState("");
  const { busy, isRefused, isForced, run, notes } = useGate(async (reason) => {
    await document.save();
    const number = await publish(agent.id, document.get().text, note.trim());
    await setLive(agent.id, number, reason);
    toast.good(`Version ${number} is live.`);
    onClose();
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title="Make this live?"
      description={
        agent.live_version === null
          ? "From now on, what starts the agent starts this text."
          : `It takes the place of version ${agent.live_version}. Runs under way go on with the version they began with.`
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={isForced ? "danger" : "primary"} busy={busy} disabled={errors > 0} onClick={run}>
            {verb(isRefused, isForced)}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 pb-2">
        <Findings errors={errors} warnings={warnings} onShow={onShowFindings} />
        <Starts document={document} isPaused={agent.paused_at !== null} />
        <Field label="What is new" optional>
          <TextInput value={note} maxLength={2000} onChange={(event) => setNote(event.target.value)} />
        </Field>
        {notes}
      </div>
    </Dialog>
  );
}

function verb(isRefused: boolean, isForced: boolean): string {
  if (isForced) return "Make live all the same";
  return isRefused ? "Check again" : "Make live";
}

function Findings({ errors, warnings, onShow }: { errors: number; warnings: number; onShow: () => void }) {
  if (errors + warnings === 0) return null;
  const mend = errors === 1 ? "One error has to be mended first." : `${errors} errors have to be mended first.`;
  const look = warnings === 1 ? "There is one warning." : `There are ${warnings} warnings.`;
  return (
    <Banner
      tone={errors > 0 ? "bad" : "warn"}
      title={errors > 0 ? mend : look}
      action={
        <Button size="sm" onClick={onShow}>
          Show
        </Button>
      }
    />
  );
}

/** What starts it, with the next times of its schedules. */
function Starts({ document, isPaused }: { document: OpenDocument; isPaused: boolean }) {
  const triggers = useDocument(document, (state) => state.drawn?.triggers);
  const now = useNow();
  return (
    <section aria-label="What starts it" className="text-sm">
      {!triggers?.length && <p className="text-ink-soft">Nothing starts it by itself: people and programs do.</p>}
      <ul className="flex flex-col gap-2">
        {triggers?.map(({ node, text, next }) => (
          <li key={node} className="rounded-md bg-sunken px-3 py-2">
            <p className="font-medium">{text}</p>
            {now && next.length > 0 && (
              <p className="text-ink-soft tabular-nums">
                Next:{" "}
                {next
                  .slice(0, 3)
                  .map((at) => formatSoon(at, now))
                  .join(", ")}
              </p>
            )}
          </li>
        ))}
      </ul>
      {isPaused && <p className="mt-2 text-warn">The agent is paused: nothing starts it until it is resumed.</p>}
    </section>
  );
}
