/** What is typed for a new secret, as the value that is sealed. */
import { labelOf, type Schema } from "@/settings/form";

export interface SecretField {
  key: string;
  label: string;
  hint: string | null;
  is_secret: boolean;
  is_required: boolean;
  type: "text" | "number" | "list" | "choice";
  options: string[];
  placeholder: string;
}

/** The fields of a kind of account, as a form shows them. */
export function secretFields(schema: Schema): SecretField[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([key, one]) => ({
    key,
    label: one.title ?? labelOf(key),
    hint: one.description ?? null,
    is_secret: one["x-secret"] === true,
    is_required: required.has(key),
    type: one.enum ? "choice" : one.type === "array" ? "list" : one.type === "integer" ? "number" : "text",
    options: (one.enum ?? []).map(String),
    placeholder: one.default === undefined ? "" : String(one.default),
  }));
}

/** The value to seal: only what is filled in; null where nothing is. */
export function secretValue(fields: SecretField[], typed: Record<string, string>): Record<string, unknown> | null {
  const filled = fields
    .map((field) => [field, (typed[field.key] ?? "").trim()] as const)
    .filter(([, text]) => text !== "")
    .map(([{ key, type }, text]) => [key, valueOf(type, text)]);
  return filled.length ? Object.fromEntries(filled) : null;
}

function valueOf(type: SecretField["type"], text: string): unknown {
  if (type === "number") return Number(text);
  return type === "list" ? text.split(/[\s,]+/).filter(Boolean) : text;
}

/** What keeps a secret from being sealed, or null. */
export function secretProblem(fields: SecretField[], typed: Record<string, string>): string | null {
  const missing = fields.find((field) => field.is_required && !(typed[field.key] ?? "").trim());
  if (missing) return `${missing.label} is missing.`;
  const wrong = fields.find(
    (field) => field.type === "number" && typed[field.key] && !/^\d+$/.test(typed[field.key] ?? ""),
  );
  if (wrong) return `${wrong.label} has to be a whole number.`;
  return secretValue(fields, typed) ? null : "Fill in at least one field.";
}
