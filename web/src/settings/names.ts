/** The names an expression can use, as a tree to pick from: what each is, what lies inside it, what it was last time. */
import type { Flow, FlowNode, Kind } from "@/document/types";
import type { Schema } from "./form";
import { innerSteps, kindId, type Scope } from "./scope";
import { controlOf, type Inputs } from "@/run_form/inputs";

/** One thing to pick. */
export interface Name {
  /** What is written for it: `fetch.body.items`. */
  expression: string;
  label: string;
  /** In a word: `text`, `list`, `number` … */
  type: string;
  about: string;
  /** What it was in the last run; undefined when it is not known. */
  value: unknown;
  group: "Here" | "Steps" | "Inputs" | "Loop" | "Run";
  /** The kind of the step, for its icon. */
  kind: string | null;
  children: () => Name[];
}

/** What the last run gave: each step's output by its id, and the inputs. */
export interface LastValues {
  steps: Record<string, unknown>;
  inputs?: Record<string, unknown>;
  trigger?: unknown;
}

export type Kinds = ReadonlyMap<string, Kind>;

const MOST_CHILDREN = 100;
const WORDS = new Set(["and", "or", "not", "in", "is", "if", "else", "for", "True", "False", "None", "lambda"]);
const RUN: Schema = {
  type: "object",
  properties: {
    id: { type: "string", description: "The run's id" },
    started_at: { type: "string", description: "When the run began" },
    date: { type: "string", description: "The day it began, in UTC" },
    agent: { type: "string", description: "The agent" },
    version: { type: "integer", description: "The number of its version" },
  },
};
const ERROR: Schema = {
  type: "object",
  properties: {
    step: { type: "string", description: "The step that failed" },
    kind: { type: "string", description: "retry, auth, rejected or timeout" },
    message: { type: "string", description: "What happened" },
  },
};

/** The name under which expressions know a step: `fetch-the-posts` → `fetch_the_posts`. */
export function expressionName(id: string): string {
  const text = id
    .normalize("NFKC")
    .replaceAll("-", "_")
    .replaceAll(/[^\p{ID_Continue}_]/gu, "");
  const name = /^[\p{ID_Start}_]/u.test(text) ? text : `_${text}`;
  return WORDS.has(name) ? `${name}_` : name;
}

/** The tree of what is in scope. */
export function namesIn(flow: Flow, scope: Scope, kinds: Kinds, last: LastValues | null): Name[] {
  const steps = scope.steps
    .filter((node) => givesAnything(node, kinds, last))
    .map((node) => stepName(node, kinds, last));
  const inputs = inputNames(flow.inputs ?? {}, last);
  const loops = scope.loops.map(({ holder, name }) => loopName(holder, name, [...steps, ...inputs], kinds, last));
  const run = [
    named("run", "This run", RUN, undefined, "Run"),
    named("trigger", "What started the run", {}, last?.trigger, "Run"),
  ];
  if (scope.has_error) run.unshift(named("error", "What went wrong", ERROR, undefined, "Run"));
  return [...loops, ...steps, ...inputs, ...run];
}

/** A step that only decides gives an empty object: nothing to pick. */
function givesAnything(node: FlowNode, kinds: Kinds, last: LastValues | null): boolean {
  const { type, properties, additionalProperties } = outputOf(node, kinds);
  const is_empty = type === "object" && !properties && !additionalProperties;
  return !is_empty || childrenOf("", {}, last?.steps[node.id], "Steps").length > 0;
}

function stepName(node: FlowNode, kinds: Kinds, last: LastValues | null): Name {
  const value = last?.steps[node.id];
  const name = named(expressionName(node.id), node.name || node.id, outputOf(node, kinds), value, "Steps");
  return { ...name, about: name.expression, kind: kindId(node.type) };
}

function inputNames(inputs: Inputs, last: LastValues | null): Name[] {
  return Object.entries(inputs).map(([name, input]) => {
    const value = last?.inputs?.[name] ?? input.default;
    const expression = step("inputs", name);
    return { ...named(expression, name, inputSchema(input.type), value, "Inputs"), about: input.about ?? "" };
  });
}

function inputSchema(type: string | undefined): Schema {
  const control = controlOf(type);
  if (control.is === "number") return { type: "number" };
  if (control.is === "yes-no") return { type: "boolean" };
  if (control.is === "list" || (control.is === "data" && control.only === "list")) return { type: "array" };
  return control.is === "data" || control.is === "file" ? { type: "object" } : { type: "string" };
}

function loopName(holder: FlowNode, name: string, known: Name[], kinds: Kinds, last: LastValues | null): Name {
  if (name === "index") return named("index", "Number of the round, from 0", { type: "integer" }, undefined, "Loop");
  if (name === "last") {
    const rounds = last?.steps[holder.id] as { last?: unknown } | undefined;
    return named("last", "What the last round gave", lastInner(holder, kinds), rounds?.last, "Loop");
  }
  const list = templatePath(holder.config?.items);
  const found = list === null ? null : lookUp(known, list);
  const first = found?.children()[0];
  const label = `Each of ${found?.label ?? (holder.name || holder.id)}`;
  if (!first) return named(name, label, {}, undefined, "Loop");
  return { ...renamed(first, first.expression, name), label, group: "Loop" };
}

/** `{{ fetch.body.posts }}` → `fetch.body.posts`; null for anything but a plain path. */
function templatePath(value: unknown): string | null {
  const found =
    typeof value === "string" ? /^\s*\{\{\s*([\p{ID_Start}_][\p{ID_Continue}.]*)\s*\}\}\s*$/u.exec(value) : null;
  return found?.[1] ?? null;
}

/** The name of a path in a tree of names. */
export function lookUp(names: Name[], path: string): Name | null {
  for (const name of names) {
    if (name.expression === path) return name;
    if (path.startsWith(`${name.expression}.`) || path.startsWith(`${name.expression}[`))
      return lookUp(name.children(), path);
  }
  return null;
}

/** The same under another beginning of its path: an item's fields, as the loop's name reaches them. */
function renamed(name: Name, from: string, to: string): Name {
  const expression = to + name.expression.slice(from.length);
  return { ...name, expression, children: () => name.children().map((one) => renamed(one, from, to)) };
}

/** The JSON Schema of what a step gives, as closely as its settings tell. */
export function outputOf(node: FlowNode, kinds: Kinds): Schema {
  const kind = kindId(node.type);
  const config = node.config ?? {};
  if (kind === "group") return lastInner(node, kinds);
  const declared = (kinds.get(kind)?.output ?? {}) as Schema;
  if (kind === "set") return { type: "object", properties: mapped(config, (value) => ({ type: typeOfValue(value) })) };
  if (kind === "foreach") return withProperty(declared, "results", { type: "array", items: lastInner(node, kinds) });
  if (kind === "llm" && config.schema) return withProperty(declared, "data", config.schema as Schema);
  if (kind === "llm.extract" && isRecord(config.fields)) {
    const properties = mapped(config.fields, (type) => (isRecord(type) ? type : inputSchema(String(type))));
    return withProperty(declared, "data", { type: "object", properties });
  }
  return declared;
}

function lastInner(node: FlowNode, kinds: Kinds): Schema {
  const last = innerSteps(node).at(-1);
  return last ? outputOf(last, kinds) : {};
}

function withProperty(schema: Schema, key: string, value: Schema): Schema {
  const about = schema.properties?.[key]?.description;
  return { ...schema, properties: { ...schema.properties, [key]: { ...value, description: about } } };
}

function mapped<T>(record: Record<string, unknown>, make: (value: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function named(expression: string, label: string, schema: Schema, value: unknown, group: Name["group"]): Name {
  return {
    expression,
    label,
    type: typeOf(schema, value),
    about: schema.description ?? "",
    value,
    group,
    kind: null,
    children: () => childrenOf(expression, schema, value, group),
  };
}

/** What lies inside: what the schema says, and what the last run had besides. */
function childrenOf(expression: string, schema: Schema, value: unknown, group: Name["group"]): Name[] {
  if (Array.isArray(value) || schema.type === "array") {
    const [first] = Array.isArray(value) ? (value as unknown[]) : [];
    if (first === undefined && !schema.items) return [];
    return [named(`${expression}[0]`, "First item", schema.items ?? {}, first, group)];
  }
  const values = isRecord(value) ? value : {};
  const properties = schema.properties ?? {};
  const keys = [...new Set([...Object.keys(properties), ...Object.keys(values)])].slice(0, MOST_CHILDREN);
  return keys.map((key) => named(step(expression, key), key, properties[key] ?? {}, values[key], group));
}

function step(expression: string, key: string): string {
  const is_plain = /^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(key) && !WORDS.has(key);
  return is_plain ? `${expression}.${key}` : `${expression}[${JSON.stringify(key)}]`;
}

function typeOf(schema: Schema, value: unknown): string {
  const declared = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  return TYPE_WORDS[declared ?? typeOfValue(value) ?? ""] ?? "";
}

const TYPE_WORDS: Record<string, string> = {
  string: "text",
  integer: "number",
  number: "number",
  boolean: "yes/no",
  array: "list",
  object: "object",
  null: "nothing",
};

/** The JSON type of a value; undefined for a template, which may give anything. */
function typeOfValue(value: unknown): string | undefined {
  if (value === undefined || (typeof value === "string" && value.includes("{{"))) return undefined;
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** A name that one setting alone can use, such as `item` in a filter. */
export function bareName(name: string, value?: unknown): Name {
  return named(name, name, {}, value, "Here");
}
