import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Skeleton";
import { TextInput } from "@/ui/TextInput";
import { type SecretField, secretFields, secretProblem, secretValue } from "./secret_form";

interface AddSecretDialogProps {
  /** The kind of account (`slack`); empty: a secret of one bare text. */
  kind: string;
  /** The name it is offered under. */
  wish: string;
  onClose: () => void;
  onAdded: (name: string, about: string) => void;
}

/** Seals a new secret in the vault. Its value leaves this window only towards the server, and never comes back. */
export function AddSecretDialog({ kind, wish, onClose, onAdded }: AddSecretDialogProps) {
  const { fields, about, problem } = useAccount(kind);
  const [name, setName] = useState(wish);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [missing, setMissing] = useState<string | null>(null);
  const id = useId();
  const seal = useSeal((secret) => onAdded(secret.name, secret.about));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const wrong = secretProblem(fields ?? [], typed, name);
    setMissing(wrong);
    const value = kind === "" ? typed.value : secretValue(fields ?? [], typed);
    if (!wrong && value) seal.mutate({ name: name.trim(), value, about });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={kind === "" ? "Add a secret" : "Add an account"}
      description={`${about} It is sealed in the vault and never shown again.`.trim()}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={id} busy={seal.isPending}>
            Seal it
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit} className="flex flex-col gap-4 pb-2" autoComplete="off">
        <Field label="Name" hint="The document names it so; the value stays in the vault." required>
          <TextInput mono value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        {!fields && !problem && <Skeleton className="h-16" />}
        {fields?.map((field) => (
          <SecretInput
            key={field.key}
            field={field}
            text={typed[field.key] ?? ""}
            onType={(text) => setTyped((before) => ({ ...before, [field.key]: text }))}
          />
        ))}
        <Wrong missing={missing} problem={seal.error ?? problem} />
      </form>
    </Dialog>
  );
}

function Wrong({ missing, problem }: { missing: string | null; problem: unknown }) {
  return (
    <>
      {missing && (
        <p role="alert" className="text-sm text-bad">
          {missing}
        </p>
      )}
      {problem != null && <ErrorNote problem={problem} />}
    </>
  );
}

/** What an account of this kind has to hold; `fields` is undefined until that is known. */
function useAccount(kind: string) {
  const { data, error } = useQuery({
    queryKey: ["accounts"],
    queryFn: () => unwrap(api.GET("/api/v1/accounts")),
    staleTime: Infinity,
    enabled: kind !== "",
  });
  if (kind === "") return { fields: BARE, about: "", problem: null };
  const account = data?.accounts.find((one) => one.kind === kind);
  return { fields: account && secretFields(account.fields), about: account?.about ?? "", problem: error };
}

type NewSecret = { name: string; about: string; value: string | Record<string, unknown> };

function useSeal(onSealed: (secret: Schemas["Secret"]) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, ...body }: NewSecret) =>
      unwrap(api.PUT("/api/v1/secrets/{name}", { params: { path: { name } }, body })),
    onSuccess: (secret) => {
      void queries.invalidateQueries({ queryKey: ["secrets"] });
      onSealed(secret);
    },
  });
}

const BARE: SecretField[] = secretFields({
  required: ["value"],
  properties: { value: { type: "string", title: "Value", "x-secret": true } },
});

function SecretInput({ field, text, onType }: { field: SecretField; text: string; onType: (text: string) => void }) {
  return (
    <Field label={field.label} hint={field.hint} required={field.is_required}>
      {field.type === "choice" ? (
        <Select
          options={field.options.map((one) => ({ value: one, label: one }))}
          value={text || field.placeholder || null}
          onChange={onType}
        />
      ) : (
        <TextInput
          mono
          type={field.is_secret ? "password" : "text"}
          autoComplete={field.is_secret ? "new-password" : "off"}
          inputMode={field.type === "number" ? "numeric" : undefined}
          placeholder={field.placeholder}
          value={text}
          onChange={(event) => onType(event.target.value)}
        />
      )}
    </Field>
  );
}
