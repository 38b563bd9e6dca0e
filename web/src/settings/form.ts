/** A step kind's JSON Schema as a form: which settings there are, in order, and what each is filled in with. */
import type { Kind } from "@/document/types";

/** What a setting is filled in with. `any`: a text, or data; `data`: YAML; `pairs`: names with values. */
export type Control =
  | { is: "text"; lines: "one" | "many"; language?: string; templates: boolean }
  | { is: "expression"; names: string[] }
  | { is: "choice"; options: string[] }
  | { is: "switch" }
  | { is: "number"; whole: boolean; min?: number; max?: number }
  | { is: "list" }
  | { is: "pairs" }
  | { is: "model" }
  | { is: "any"; lines: "one" | "many"; language?: string }
  | { is: "data" };

export interface Setting {
  key: string;
  label: string;
  hint: string | null;
  required: boolean;
  /** What counts while it is left out. */
  standard: unknown;
  control: Control;
  /** Names an expression or template in it may use besides those in scope; `*`: the step's other settings. */
  names: string[];
}

export interface SettingsForm {
  settings: Setting[];
  /** The kind takes further settings of any name (`set` has only those). */
  takes_more: boolean;
}

/** A JSON Schema, as far as forms look into it. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  "x-expression"?: boolean;
  "x-no-template"?: boolean;
  "x-names"?: string[];
  "x-secret"?: boolean;
}

/** The form of a kind: what is required first, else in the order the kind declares. */
export function formOf(kind: Pick<Kind, "input" | "blocks">): SettingsForm {
  const input = (kind.input ?? {}) as Schema;
  const required = new Set(input.required ?? []);
  const settings = Object.entries(input.properties ?? {}).map(([key, schema]) => ({
    key,
    label: schema.title ?? labelOf(key),
    hint: schema.description ?? null,
    required: required.has(key),
    standard: schema.default,
    control: controlOf(key, schema, kind.blocks?.[key]),
    names: schema["x-names"] ?? [],
  }));
  return {
    settings: [...settings.filter((one) => one.required), ...settings.filter((one) => !one.required)],
    takes_more: input.additionalProperties === true || input.additionalProperties === undefined,
  };
}

/** `reply_to` → `Reply to`. */
export function labelOf(key: string): string {
  const words = key.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a setting of this schema is filled in with; `block`: the fence language it is best written in. */
export function controlOf(key: string, schema: Schema, block?: string): Control {
  const any: Control = { is: "any", lines: block === undefined ? "one" : "many", language: block };
  if (schema["x-expression"]) return { is: "expression", names: schema["x-names"] ?? [] };
  if (schema.enum?.every((one) => typeof one === "string")) return { is: "choice", options: schema.enum };
  if (key === "model" && Array.isArray(schema.type)) return { is: "model" };
  if (schema.anyOf ?? schema.oneOf) return { is: "data" };
  return CONTROLS[String(schema.type)]?.(schema, block) ?? any;
}

const CONTROLS: Record<string, (schema: Schema, block: string | undefined) => Control> = {
  string: (schema, block) => ({
    is: "text",
    lines: block === undefined ? "one" : "many",
    language: block,
    templates: schema["x-no-template"] !== true,
  }),
  boolean: () => ({ is: "switch" }),
  integer: (schema) => ({ is: "number", whole: true, min: schema.minimum, max: schema.maximum }),
  number: (schema) => ({ is: "number", whole: false, min: schema.minimum, max: schema.maximum }),
  array: (schema) => ({ is: schema.items?.type === "string" ? "list" : "data" }),
  object: (schema, block) => ({ is: schema.additionalProperties && block === undefined ? "pairs" : "data" }),
};
