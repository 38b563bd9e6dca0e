import { type FormEvent, useId, useState } from "react";
import { useSubmit } from "@/session";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { AccountFields, BARE, useTypedValue } from "./AccountFields";
import { sealSecret } from "./queries";
import { Wrong } from "./Wrong";

interface AddSecretDialogProps {
  /** The kind of account (`slack`); empty: a secret of one bare text. */
  kind: string;
  /** The name it is offered under. */
  wish: string;
  onClose: () => void;
  onAdded: (name: string, about: string) => void;
}

/** Seals a secret that a document asks for. Its value leaves this window only towards the server, and never comes back. */
export function AddSecretDialog({ kind, wish, onClose, onAdded }: AddSecretDialogProps) {
  const value = useTypedValue(kind);
  const [name, setName] = useState(wish);
  const [missing, setMissing] = useState<string | null>(null);
  const id = useId();
  const { busy, problem, onSubmit } = useSubmit(async () => {
    const secret = await sealSecret(name.trim(), { value: value.value(), about: value.about });
    onAdded(secret.name, secret.about);
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const wrong = name.trim() ? value.problem() : "Give it a name.";
    setMissing(wrong);
    if (!wrong) onSubmit(event);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={kind === BARE ? "Add a secret" : "Add an account"}
      description={`${value.about} It is sealed in the vault and never shown again.`.trim()}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={id} busy={busy}>
            Seal it
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit} className="flex flex-col gap-4 pb-2" autoComplete="off">
        <Field label="Name" hint="The document names it so; the value stays in the vault." required>
          <TextInput mono value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <AccountFields value={value} />
        <Wrong missing={missing} problem={problem ?? value.error} />
      </form>
    </Dialog>
  );
}
