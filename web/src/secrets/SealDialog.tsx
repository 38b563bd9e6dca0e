import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useSubmit } from "@/session";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { TextInput } from "@/ui/TextInput";
import { toast } from "@/ui/toast";
import { AccountFields, BARE, useTypedValue } from "./AccountFields";
import { bindingOf, BindingFields, boundBy, UNBOUND } from "./BindingFields";
import { type AccountKind, accountKindsQuery, type Secret, sealSecret } from "./queries";
import { accountWord } from "./words";
import { Wrong } from "./Wrong";

interface SealDialogProps {
  /** Whose value is replaced; null: a new one. */
  secret: Secret | null;
  /** Names that a new one cannot have. */
  taken: ReadonlySet<string>;
  onClose: () => void;
}

/** Seals a value: of a new secret, or in place of one that is there. It is typed here once and never shown again. */
export function SealDialog(props: SealDialogProps) {
  const { data } = useQuery(accountKindsQuery);
  return data ? <Form {...props} kinds={data} /> : null;
}

function Form({ secret, taken, onClose, kinds }: SealDialogProps & { kinds: readonly AccountKind[] }) {
  const [kind, setKind] = useState(() => likelyKind(kinds, secret));
  const [name, setName] = useState(secret?.name ?? "");
  const [about, setAbout] = useState(secret?.about ?? "");
  const [binding, setBinding] = useState(secret ? bindingOf(secret) : UNBOUND);
  const [missing, setMissing] = useState<string | null>(null);
  const value = useTypedValue(kind);
  const id = useId();
  const { busy, problem, onSubmit } = useSubmit(async () => {
    const sealed = await sealSecret(name.trim(), { value: value.value(), about: about.trim(), ...boundBy(binding) });
    toast.good(secret ? `The value of ${sealed.name} is replaced.` : `${sealed.name} is sealed.`);
    onClose();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = (secret ? null : nameProblem(name, taken)) ?? value.problem();
    setMissing(wrong);
    if (!wrong) onSubmit(event);
  };
  const chooseKind = (next: string) => {
    setKind(next);
    value.clear();
    const takers = kinds.find((one) => one.kind === next)?.connectors ?? [];
    if (!secret) setBinding({ ...binding, connector: takers.length === 1 ? (takers[0] ?? null) : null });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={secret ? `Replace the value of ${secret.name}` : "Add a secret"}
      description="It is sealed in the vault and never shown again, here or anywhere."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={id} busy={busy}>
            {secret ? "Replace it" : "Seal it"}
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit} className="flex flex-col gap-4 pb-2" autoComplete="off">
        <Field label="What it is" hint={value.about || "Such as the key of a model's provider: call it openai, say."}>
          <Select
            options={[
              { value: BARE, label: "A single value" },
              ...kinds.map((one) => ({ value: one.kind, label: accountWord(one.kind) })),
            ]}
            value={kind}
            onChange={chooseKind}
          />
        </Field>
        {!secret && (
          <Field label="Name" hint="Documents name it so." required>
            <TextInput mono maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
        )}
        <AccountFields key={kind} value={value} />
        <Field label="What it is for" optional>
          <TextInput maxLength={2000} value={about} onChange={(event) => setAbout(event.target.value)} />
        </Field>
        <details className="rounded-md border border-line px-3 [&[open]]:pb-3">
          <summary className="-mx-3 cursor-pointer rounded-md px-3 py-2 text-sm font-medium -outline-offset-2!">
            Who may use it
          </summary>
          <div className="flex flex-col gap-4 pt-2">
            <BindingFields binding={binding} onChange={setBinding} />
          </div>
        </details>
        <Wrong missing={missing} problem={problem ?? value.error} />
      </form>
    </Dialog>
  );
}

function nameProblem(name: string, taken: ReadonlySet<string>): string | null {
  if (!name.trim()) return "Give it a name.";
  return taken.has(name.trim()) ? `There is a secret ${name.trim()} already. Replace its value in the list.` : null;
}

/** What a secret probably holds: an account that its connector takes. */
function likelyKind(kinds: readonly AccountKind[], secret: Secret | null): string {
  const connector = secret?.connector;
  return (connector && kinds.find((one) => one.connectors.includes(connector))?.kind) || BARE;
}
