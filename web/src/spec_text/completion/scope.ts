/** Which names an expression of a step can use, and what stands under each of them. */
import { type Flow, type FlowEdge, type FlowNode, type Kind, kindOf, type Reading } from "@/document";
import { expressionName } from "./names";

/** As much of JSON Schema as the way to a field needs. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}

export interface Name {
  name: string;
  about: string;
  schema: Schema;
}

interface Level {
  nodes: FlowNode[];
  edges: FlowEdge[];
  holder: FlowNode | null;
  outside: Level | null;
}

const RUN: Schema = {
  description: "This run",
  properties: {
    id: { type: "string" },
    started_at: { type: "string", description: "When it began" },
    date: { type: "string", description: "The day it began" },
    agent: { type: "string" },
    version: { type: "integer" },
  },
};

/** The names that the step has; those of all steps where it is not known yet. `itself`: its own result too. */
export function namesFor(
  reading: Reading | null,
  node: string | null,
  kinds: ReadonlyMap<string, Kind>,
  itself = false,
): Name[] {
  const flow = reading?.flow;
  const always = [inputs(flow), named("run", RUN), named("trigger", { description: "What started this run" })];
  if (!flow) return always;
  const level = node === null ? null : findLevel(levelOf(flow, null, null), node);
  if (!level || node === null) return [...always, ...everyStep(levelOf(flow, null, null), kinds)];
  return [...always, ...around(level, node, kinds, itself)];
}

/** What stands under a path such as `fetch.body.items[0]`. */
export function schemaAt(names: readonly Name[], path: readonly string[]): Schema | null {
  const [first, ...rest] = path;
  let schema: Schema | undefined = names.find(({ name }) => name === first)?.schema;
  for (const key of rest) schema = /^-?\d+$/.test(key) ? schema?.items : schema?.properties?.[key];
  return schema ?? null;
}

function named(name: string, schema: Schema): Name {
  return { name, about: schema.description ?? schema.title ?? "", schema };
}

function inputs(flow: Flow | null | undefined): Name {
  const properties: Record<string, Schema> = {};
  for (const [name, { type, about }] of Object.entries(flow?.inputs ?? {})) {
    properties[name] = { type: type ?? "text", description: about };
  }
  return named("inputs", { description: "What the run was given", properties });
}

function levelOf(flow: Pick<Flow, "nodes" | "edges">, holder: FlowNode | null, outside: Level | null): Level {
  const nodes = (flow.nodes ?? []).filter(({ type }) => !type.startsWith("trigger."));
  return { nodes, edges: flow.edges ?? [], holder, outside };
}

function innerOf(node: FlowNode, level: Level): Level | null {
  const inner = node.config?.flow as Pick<Flow, "nodes" | "edges"> | undefined;
  return inner ? levelOf(inner, node, level) : null;
}

function findLevel(level: Level, id: string): Level | null {
  if (level.nodes.some((node) => node.id === id)) return level;
  for (const node of level.nodes) {
    const inner = innerOf(node, level);
    const found = inner && findLevel(inner, id);
    if (found) return found;
  }
  return null;
}

function everyStep(level: Level, kinds: ReadonlyMap<string, Kind>): Name[] {
  return level.nodes.map((node) => stepName(node, level, kinds));
}

/** From the innermost level out: loop names, and the steps that come before. */
function around(level: Level, id: string, kinds: ReadonlyMap<string, Kind>, itself: boolean): Name[] {
  const names: Name[] = [];
  let spot: string | null = id;
  for (let at: Level | null = level; at && spot !== null; at = at.outside) {
    const before = comesBefore(at, spot);
    if (itself && at === level) before.add(spot);
    for (const node of at.nodes) if (before.has(node.id)) names.push(...withGroupSteps(node, at, kinds));
    names.push(...loopNames(at.holder));
    spot = at.holder?.id ?? null;
  }
  return names;
}

/** The steps that lead to one, however far; for what handles errors, all steps of the main lane too. */
function comesBefore({ nodes, edges }: Level, id: string): Set<string> {
  const before = new Set<string>();
  const isHandler = nodes.find((node) => node.id === id)?.lane === "errors";
  const ahead = isHandler ? nodes.filter((node) => node.lane !== "errors").map((node) => node.id) : [];
  for (const other of ahead) before.add(other);
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const edge of edges) {
      if (edge.to !== next || before.has(edge.from) || edge.from === id) continue;
      before.add(edge.from);
      open.push(edge.from);
    }
  }
  return before;
}

/** A group shares the names of its steps. */
function withGroupSteps(node: FlowNode, level: Level, kinds: ReadonlyMap<string, Kind>): Name[] {
  const inner = node.type.startsWith("group@") ? innerOf(node, level) : null;
  return [
    stepName(node, level, kinds),
    ...(inner ? inner.nodes.flatMap((one) => withGroupSteps(one, inner, kinds)) : []),
  ];
}

function loopNames(holder: FlowNode | null): Name[] {
  const kind = holder?.type.split("@")[0];
  if (!holder || (kind !== "foreach" && kind !== "repeat")) return [];
  const round = named("index", { type: "integer", description: "Which round this is, from 0" });
  if (kind === "repeat") return [round, named("last", { description: "What the round before gave" })];
  const as = holder.config?.as;
  const item = named("item", { description: "The item of this round" });
  return typeof as === "string" && as !== "item" ? [named(as, item.schema), item, round] : [item, round];
}

function stepName(node: FlowNode, level: Level, kinds: ReadonlyMap<string, Kind>): Name {
  const schema = outputOf(node, level, kinds);
  return { name: expressionName(node.id), about: node.name ?? node.id, schema };
}

/** What a step gives: as its kind says, and closer where its settings say more. */
function outputOf(node: FlowNode, level: Level, kinds: ReadonlyMap<string, Kind>): Schema {
  const output = (kindOf(kinds, node.type)?.output ?? {}) as Schema;
  const own = (key: string) => ({ properties: namesIn(node.config?.[key]) });
  switch (node.type.split("@")[0]) {
    case "set":
      return { properties: namesIn(node.config) };
    case "llm.extract":
      return { ...output, properties: { ...output.properties, data: own("fields") } };
    case "foreach":
    case "repeat":
      return withRounds(output, innerOf(node, level), kinds);
    default:
      return output;
  }
}

function namesIn(value: unknown): Record<string, Schema> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, { properties: namesIn(inner) }]));
}

/** The results of a loop are what the last step of each round gives. */
function withRounds(output: Schema, inner: Level | null, kinds: ReadonlyMap<string, Kind>): Schema {
  const last = inner?.nodes[inner.nodes.length - 1];
  if (!inner || !last) return output;
  const round = outputOf(last, inner, kinds);
  const { properties = {} } = output;
  const results = { ...properties.results, type: "array", items: round };
  return { ...output, properties: { ...properties, results, ...(properties.last && { last: round }) } };
}
