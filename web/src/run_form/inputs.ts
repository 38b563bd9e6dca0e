/** An agent's inputs as a form: which control each type of input gets, and what is written there as a value for the run. */
import type { Schemas } from "@/client";

export type Input = Schemas["Input"];
export type Inputs = Record<string, Input>;

/** What an input is filled in with. `list`: one value a line; `file`: picked from the disk. */
export type Control =
  | { is: "text"; type: "text" | "email" | "url"; example?: string }
  | { is: "long" }
  | { is: "number"; whole: boolean }
  | { is: "yes-no" }
  | { is: "choice"; options: (string | number)[] }
  | { is: "date" | "time" | "date-time" }
  | { is: "list"; of: Control }
  | { is: "file" }
  | { is: "data"; only?: "object" | "list" };

/** What a control holds: the text written in it, a switch's position, or a picked file. */
export type Draft = string | boolean | PickedFile | null;
export type PickedFile = { name: string; media_type?: string; text?: string; base64?: string };

/** The value for the run; `missing` when nothing was written; or what is wrong with what was. */
export type Read = { value: unknown } | { missing: true } | { error: string };

const WORDS: Record<string, Control> = {
  text: { is: "text", type: "text" },
  "long text": { is: "long" },
  number: { is: "number", whole: false },
  integer: { is: "number", whole: true },
  "yes/no": { is: "yes-no" },
  date: { is: "date" },
  time: { is: "time" },
  "date and time": { is: "date-time" },
  duration: { is: "text", type: "text", example: "10 minutes" },
  email: { is: "text", type: "email", example: "name@example.org" },
  url: { is: "text", type: "url", example: "https://" },
  file: { is: "file" },
  object: { is: "data", only: "object" },
  list: { is: "data", only: "list" },
  any: { is: "data" },
};
const SYNONYMS: Record<string, string> = {
  ...named("text", "string", "str", "line"),
  ...named("long text", "longtext", "long-text", "multiline", "markdown"),
  ...named("number", "float", "decimal"),
  ...named("integer", "int", "whole number"),
  ...named("yes/no", "bool", "boolean", "yes or no", "true/false"),
  ...named("date and time", "datetime", "date-time", "timestamp"),
  ...named("email", "e-mail", "mail", "email address"),
  ...named("url", "link", "uri", "address", "web address"),
  ...named("object", "json", "dict", "mapping", "map"),
  ...named("list", "array", "list of any"),
  ...named("any", "anything"),
};

function named(word: string, ...others: string[]): Record<string, string> {
  return Object.fromEntries(others.map((other) => [other, word]));
}

/** The control for a type in words (`list of text`, `one of [a, b]`); any data for a type that nobody knows. */
export function controlOf(type = "text"): Control {
  const clean = type.trim();
  const known = knownWord(clean);
  if (known) return known;
  const choice = /^one\s+of\s*:?\s*\[(.*)\]$/is.exec(clean);
  if (choice) return { is: "choice", options: choices(choice[1] ?? "") };
  const list = /^(?:list|array)\s+of\s+(.+)$/is.exec(clean);
  if (list) return listOf(controlOf(list[1]));
  return knownWord(clean.replace(/s$/, "")) ?? { is: "data" };
}

function knownWord(text: string): Control | undefined {
  const word = text.toLowerCase().split(/\s+/).join(" ");
  return WORDS[SYNONYMS[word] ?? word];
}

/** Lists of what fits on a line are written line by line; others as data. */
function listOf(item: Control): Control {
  const fits = item.is === "text" || item.is === "number" || item.is === "choice" || item.is === "date";
  return fits ? { is: "list", of: item } : { is: "data", only: "list" };
}

function choices(text: string): (string | number)[] {
  const parts = text.matchAll(/\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^,]+)\s*(?:,|$)/g);
  return Array.from(parts, (part) => (part[1] ?? "").trim())
    .filter(Boolean)
    .map(choice);
}

function choice(text: string): string | number {
  if (text.startsWith('"')) {
    try {
      return String(JSON.parse(text));
    } catch {
      return text.slice(1, -1);
    }
  }
  if (text.startsWith("'")) return text.slice(1, -1);
  return /^-?(0|[1-9]\d{0,15})(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

/** Whether a run cannot start without it. */
export function isRequired(input: Input): boolean {
  return input.required !== false && input.default === undefined;
}

/** Whether a run may start at once, without asking for anything. */
export function canStartAtOnce(inputs: Inputs): boolean {
  return !Object.values(inputs).some(isRequired);
}

/** A value as its control shows it. */
export function draftOf(control: Control, value: unknown): Draft {
  if (value === undefined || value === null) return control.is === "yes-no" || control.is === "file" ? null : "";
  const show = DRAFTS[control.is];
  return show ? show(value) : textOf(value);
}

const DRAFTS: Partial<Record<Control["is"], (value: unknown) => Draft>> = {
  "yes-no": (value) => value === true || value === "yes",
  file: (value) => (typeof value === "object" ? (value as PickedFile) : null),
  data: (value) => JSON.stringify(value, null, 2),
  list: (value) => (Array.isArray(value) ? value.map(String).join("\n") : textOf(value)),
  "date-time": (value) => inUtc(textOf(value)),
};

/** A moment as the browser's control for date and time takes it, which knows no zones: on the clocks of UTC. */
function inUtc(text: string): string {
  const has_zone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text);
  const at = new Date(has_zone ? text : `${text}Z`);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString().slice(0, 16);
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What stands in a control as the input's value. */
export function read(control: Control, draft: Draft): Read {
  if (draft === null || (typeof draft === "string" && draft.trim() === "")) return { missing: true };
  if (typeof draft !== "string") return { value: draft };
  switch (control.is) {
    case "number":
      return number(draft, control.whole);
    case "choice":
      return oneOf(control.options, draft);
    case "list":
      return list(control.of, draft);
    case "data":
      return data(draft, control.only);
    case "date-time":
      return { value: `${draft.trim()}Z` };
    case "long":
      return { value: draft };
    default:
      return { value: draft.trim() };
  }
}

function number(text: string, whole: boolean): Read {
  const clean = text.trim().replaceAll("_", "");
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean) ? Number(clean) : NaN;
  if (!Number.isFinite(value)) return { error: `“${text.trim()}” is not a number.` };
  return whole && !Number.isInteger(value) ? { error: "Only whole numbers fit here." } : { value };
}

function oneOf(options: (string | number)[], text: string): Read {
  const found = options.find((option) => String(option) === text);
  return found === undefined ? { error: `Choose one of ${options.join(", ")}.` } : { value: found };
}

function list(item: Control, text: string): Read {
  const values: unknown[] = [];
  for (const line of text.split("\n").filter((one) => one.trim())) {
    const one = read(item, item.is === "choice" ? line.trim() : line);
    if ("error" in one) return one;
    if ("value" in one) values.push(one.value);
  }
  return { value: values };
}

function data(text: string, only?: "object" | "list"): Read {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (only === undefined && !/^\s*[[{"]/.test(text)) return { value: text };
    return { error: "This is not JSON yet. Names and texts stand in double quotes." };
  }
  const is_list = Array.isArray(value);
  if (only === "list" && !is_list) return { error: "A list stands in square brackets: [1, 2]." };
  if (only === "object" && (is_list || typeof value !== "object" || value === null)) {
    return { error: 'An object reads like {"key": "value"}.' };
  }
  return { value };
}

export interface Collected {
  /** What the run is started with; inputs left empty are not in it, so that their defaults count. */
  values: Record<string, unknown>;
  /** By input: what has to be mended first. */
  errors: Record<string, string>;
}

/** All of a form read at once. */
export function collect(inputs: Inputs, drafts: Record<string, Draft>): Collected {
  const collected: Collected = { values: {}, errors: {} };
  for (const [name, input] of Object.entries(inputs)) {
    const one = read(controlOf(input.type), drafts[name] ?? null);
    if ("value" in one) collected.values[name] = one.value;
    else if ("error" in one) collected.errors[name] = one.error;
    else if (isRequired(input)) collected.errors[name] = "The run needs this.";
  }
  return collected;
}

/** How a form begins: with what is given, else with the defaults. */
export function initialDrafts(inputs: Inputs, initial: Record<string, unknown> = {}): Record<string, Draft> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [
      name,
      draftOf(controlOf(input.type), name in initial ? initial[name] : input.default),
    ]),
  );
}
