import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Skeleton";
import { TextInput } from "@/ui/TextInput";
import { accountKindsQuery, type Value } from "./queries";
import { type SecretField, secretFields, secretProblem, secretValue } from "./secret_form";

/** One bare text, for what is no account of a kind. */
export const BARE = "";

const BARE_FIELDS: SecretField[] = secretFields({
  required: ["value"],
  properties: { value: { type: "string", title: "Value", "x-secret": true } },
});

/** What is typed into the fields of an account. It lives as long as the form and goes nowhere but into its call. */
export function useTypedValue(kind: string) {
  const { data, error } = useQuery({ ...accountKindsQuery, enabled: kind !== BARE });
  const [typed, setTyped] = useState<Record<string, string>>({});
  const account = data?.find((one) => one.kind === kind);
  const fields = kind === BARE ? BARE_FIELDS : account && secretFields(account.fields);
  return {
    /** Undefined until it is known what such an account holds. */
    fields,
    about: account?.about ?? "",
    error,
    typed,
    clear: () => setTyped({}),
    type: (key: string, text: string) => setTyped((before) => ({ ...before, [key]: text })),
    /** What keeps it from being sealed, or null. */
    problem: () => (fields ? secretProblem(fields, typed) : "It is not known yet what such an account holds."),
    value: (): Value => (kind === BARE ? (typed.value ?? "") : (secretValue(fields ?? [], typed) ?? "")),
  };
}

type TypedValue = ReturnType<typeof useTypedValue>;

/** The fields of an account, each typed once and never shown again. */
export function AccountFields({ value: { fields, error, typed, type } }: { value: TypedValue }) {
  if (!fields) return error ? null : <Skeleton className="h-16" />;
  return fields.map((field) => (
    <SecretInput key={field.key} field={field} text={typed[field.key] ?? ""} onType={(text) => type(field.key, text)} />
  ));
}

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
