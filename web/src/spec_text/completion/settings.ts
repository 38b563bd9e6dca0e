/** Completion of a step's settings (`with`) by the input schema of its kind. */
import type { Completion } from "@codemirror/autocomplete";
import type { Kind } from "@/document";

export interface InputSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, InputSchema>;
  additionalProperties?: boolean | InputSchema;
  items?: InputSchema;
  "x-expression"?: boolean;
  "x-names"?: string[];
}

/** The schema at a path of keys under `with`. */
export function inputAt(kind: Kind | undefined, path: readonly string[]): InputSchema | null {
  let schema: InputSchema | undefined = kind?.input as InputSchema | undefined;
  for (const key of path) {
    const free = typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
    schema = key === "-" ? schema?.items : (schema?.properties?.[key] ?? free);
  }
  return schema ?? null;
}

/** The keys that are not there yet, the needed ones first. Those that are best written as a block stay out. */
export function settingKeys(
  schema: InputSchema | null,
  siblings: readonly string[],
  blocks: Record<string, string> = {},
): Completion[] {
  const needed = new Set(schema?.required);
  return Object.entries(schema?.properties ?? {})
    .filter(([key]) => !siblings.includes(key))
    .map(([key, { title, description, type }]) => ({
      label: key,
      apply: `${key}: `,
      type: "property",
      detail: [title, needed.has(key) && "needed"].filter(Boolean).join(", ") || [type ?? ""].flat().join(" or "),
      info: description ?? (blocks[key] ? "Best written as a block of its own below." : undefined),
      boost: (needed.has(key) ? 2 : 0) - (blocks[key] ? 1 : 0),
    }));
}

/** What a setting may be, where the schema says so. */
export function settingValues(schema: InputSchema | null): Completion[] {
  const isTrueOrFalse = schema?.type === "boolean";
  const values =
    schema?.enum ?? (isTrueOrFalse ? [true, false] : schema?.default === undefined ? [] : [schema.default]);
  return values
    .filter((value) => typeof value !== "object")
    .map((value) => ({
      label: String(value),
      type: "enum",
      detail: value === schema?.default ? "unless you say otherwise" : undefined,
    }));
}
