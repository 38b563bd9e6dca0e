import { type ReactNode, useId, useState } from "react";
import { useSubmit } from "@/session";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { NumberInput } from "@/ui/NumberInput";
import { TextInput } from "@/ui/TextInput";
import { AgentsField, type Binding, bindingOf, BindingFields, boundBy } from "./BindingFields";
import { changeSecret, limitSecret, type Secret } from "./queries";

interface ChangeProps {
  secret: Pick<Secret, "name" | "about" | "connector" | "hosts" | "agents" | "is_connection">;
  onClose: () => void;
}

/** What a secret is for and who may use it. Its value stays, so it can only be kept closer than it is. */
export function UseDialog({ secret, onClose }: ChangeProps) {
  const [about, setAbout] = useState(secret.about);
  const [binding, setBinding] = useState<Binding>(bindingOf(secret));
  const save = async () => {
    const { agents, ...where } = boundBy(binding);
    await changeSecret(secret.name, { about: about.trim(), agents, ...(secret.is_connection ? {} : where) });
    onClose();
  };
  return (
    <FormDialog title={`Who may use ${secret.name}`} onClose={onClose} onSave={save}>
      <Field label="What it is for" optional>
        <TextInput maxLength={2000} value={about} onChange={(event) => setAbout(event.target.value)} />
      </Field>
      {secret.is_connection ? (
        <AgentsField agents={binding.agents} onChange={(agents) => setBinding({ ...binding, agents })} />
      ) : (
        <BindingFields binding={binding} onChange={setBinding} />
      )}
    </FormDialog>
  );
}

/** How often a secret may be used. */
export function LimitsDialog({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const [atOnce, setAtOnce] = useState(secret.at_once);
  const [perMinute, setPerMinute] = useState(secret.per_minute);
  const save = async () => {
    await limitSecret(secret.name, { at_once: atOnce, per_minute: perMinute });
    onClose();
  };
  return (
    <FormDialog title={`Limits of ${secret.name}`} onClose={onClose} onSave={save}>
      <p className="text-sm text-ink-soft">Steps over a limit wait their turn; none fails for it.</p>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Steps at once" hint="Empty: any number.">
          <NumberInput whole value={atOnce} onChange={setAtOnce} placeholder="any number" />
        </Field>
        <Field label="Uses a minute" hint="Spread evenly. Empty: any number.">
          <NumberInput whole value={perMinute} onChange={setPerMinute} placeholder="any number" />
        </Field>
      </div>
    </FormDialog>
  );
}

interface FormDialogProps {
  title: string;
  onClose: () => void;
  onSave: () => Promise<void>;
  children: ReactNode;
}

function FormDialog({ title, onClose, onSave, children }: FormDialogProps) {
  const id = useId();
  const { busy, problem, onSubmit } = useSubmit(onSave);
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={id} busy={busy}>
            Save
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={onSubmit} className="flex flex-col gap-4 pb-2">
        {children}
        {problem !== null && <ErrorNote problem={problem} />}
      </form>
    </Dialog>
  );
}
