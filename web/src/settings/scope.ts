/** What an expression of a step can use, as the checker sees it: which steps come before, and the names of loops. */
import type { Flow, FlowEdge, FlowNode } from "@/document/types";

/** One level of a flow: the top, or the inside of a loop or group. */
interface Level {
  nodes: FlowNode[];
  edges: FlowEdge[];
  holder: FlowNode | null;
  outside: Level | null;
}

/** A step that is known where an expression stands, or a name that a loop gives. */
export interface Scope {
  /** Nearest first. */
  steps: FlowNode[];
  /** Innermost first: the loop, and the name it gives. */
  loops: { holder: FlowNode; name: string }[];
  /** The step handles a failure, so `error` says what went wrong. */
  has_error: boolean;
}

/** What is in scope at a step; `itself`: also its own result (the tests of its routes). */
export function scopeOf(flow: Flow, node: string, itself = false): Scope {
  const top = levelOf(flow.nodes ?? [], flow.edges ?? []);
  const level = find(top, node);
  const scope = level ? scopeAt(flow, level, node) : { steps: [], loops: [], has_error: false };
  const own = level?.nodes.find((one) => one.id === node);
  return itself && own ? { ...scope, steps: [own, ...scope.steps] } : scope;
}

/** The scope of a place in a level, with that of the levels around it. */
function scopeAt(flow: Flow, level: Level, spot: string): Scope {
  const handles = level.outside === null && isHandler(flow, level, spot);
  const before = handles ? others(level, spot) : upstream(level, spot);
  const steps = before.toReversed().flatMap(withInner);
  const has_error = handles || isAfterFailure(level, [spot, ...before.map((one) => one.id)]);
  if (!level.holder || !level.outside) return { steps, loops: [], has_error };
  const around = scopeAt(flow, level.outside, level.holder.id);
  return {
    steps: [...steps, ...around.steps],
    loops: [...loopNames(level.holder), ...around.loops],
    has_error: has_error || around.has_error,
  };
}

/** What is known at the end of a run: every step of the top level, and of the groups there. */
export function scopeAtEnd(flow: Flow): Scope {
  const steps = (flow.nodes ?? []).filter((one) => !isTrigger(one)).flatMap(withInner);
  return { steps: steps.toReversed(), loops: [], has_error: false };
}

/** A node anywhere in the flow, also inside loops. */
export function nodeOf(flow: Flow, id: string): FlowNode | null {
  return find(levelOf(flow.nodes ?? [], flow.edges ?? []), id)?.nodes.find((one) => one.id === id) ?? null;
}

/** Every step in the order of the document, with how deep it stands. */
export function stepsOf(flow: Flow): { node: FlowNode; depth: number }[] {
  const walk = (level: Level, depth: number): { node: FlowNode; depth: number }[] =>
    level.nodes.flatMap((node) => [
      { node, depth },
      ...(bodyOf(node, level) ? walk(bodyOf(node, level) as Level, depth + 1) : []),
    ]);
  return walk(levelOf(flow.nodes ?? [], flow.edges ?? []), 0).filter(({ node }) => !isTrigger(node));
}

export function isTrigger(node: FlowNode): boolean {
  return node.type.startsWith("trigger.");
}

/** `http@1` → `http`. */
export function kindId(type: string): string {
  return type.split("@")[0] ?? type;
}

function levelOf(nodes: FlowNode[], edges: FlowEdge[], holder: FlowNode | null = null, outside: Level | null = null) {
  return { nodes, edges, holder, outside } satisfies Level;
}

/** The inside of a node that holds steps. */
function bodyOf(node: FlowNode, outside: Level): Level | null {
  const body = node.config?.flow as { nodes?: FlowNode[]; edges?: FlowEdge[] } | undefined;
  return Array.isArray(body?.nodes) ? levelOf(body.nodes, body.edges ?? [], node, outside) : null;
}

/** The steps inside a node that holds some, at its first level. */
export function innerSteps(node: FlowNode): FlowNode[] {
  const body = node.config?.flow as { nodes?: FlowNode[] } | undefined;
  return Array.isArray(body?.nodes) ? body.nodes : [];
}

function find(level: Level, id: string): Level | null {
  if (level.nodes.some((one) => one.id === id)) return level;
  for (const node of level.nodes) {
    const body = bodyOf(node, level);
    const found = body && find(body, id);
    if (found) return found;
  }
  return null;
}

/** The steps of a level from which its edges lead to a step, in the order of the document. */
function upstream(level: Level, id: string): FlowNode[] {
  const found = new Set<string>();
  const open = [id];
  for (let to = open.pop(); to !== undefined; to = open.pop()) {
    for (const edge of level.edges) {
      if (edge.to === to && edge.from !== id && !found.has(edge.from)) {
        found.add(edge.from);
        open.push(edge.from);
      }
    }
  }
  return level.nodes.filter((one) => found.has(one.id) && !isTrigger(one));
}

function others(level: Level, id: string): FlowNode[] {
  return level.nodes.filter((one) => one.id !== id && !isTrigger(one));
}

/** Groups share their names with what is around them. */
function withInner(node: FlowNode): FlowNode[] {
  return kindId(node.type) === "group" ? [node, ...innerSteps(node).toReversed().flatMap(withInner)] : [node];
}

function isHandler(flow: Flow, level: Level, id: string): boolean {
  return id === flow.on_failure || level.nodes.some((one) => one.id === id && one.lane === "errors");
}

function isAfterFailure(level: Level, ids: string[]): boolean {
  return level.edges.some((edge) => edge.condition?.on && ids.includes(edge.to));
}

function loopNames(holder: FlowNode): Scope["loops"] {
  const kind = kindId(holder.type);
  if (kind === "repeat") return ["last", "index"].map((name) => ({ holder, name }));
  if (kind !== "foreach") return [];
  const as = holder.config?.as;
  const names = typeof as === "string" && as !== "item" ? [as, "item", "index"] : ["item", "index"];
  return names.map((name) => ({ holder, name }));
}
