/**
 * What a gesture on the canvas has to change in the document. Pure. The server carries a change out in the text; what it does
 * by itself (writing out what only followed from the order, healing around a deleted step) is left to it.
 */
import type { Change, Lead, NewStep } from "@/document/types";
import type { GraphEdge, GraphNode } from "./graph";
import { type Outline, freeName, isBranchStart, saysWhereTo, sibling } from "./outline";

/** A step to be added: what it does, and its name unless the kind's own will do. */
export interface Wanted {
  uses: string;
  name: string;
}

/** What to do, and the id of the step that is new then. */
export interface Insertion {
  changes: Change[];
  id: string;
}

/** Which way a new arrow is: its lead, and its test where the lead has one. */
export interface Way {
  lead: Lead;
  test: string | null;
}

const THEN: Way = { lead: "then", test: null };

function route({ lead, test }: Way): { lead: Lead; test?: string } {
  return test === null || test === "" ? { lead } : { lead, test };
}

function leadingTo(target: string): { routes: NewStep["routes"] } {
  return { routes: [{ lead: "then", to: [target] }] };
}

/** A step in the middle of an arrow. */
export function inserted(outline: Outline, edge: GraphEdge, wanted: Wanted): Insertion {
  const step = freeName(outline, wanted.name);
  const made: NewStep = { ...step, uses: wanted.uses };
  return { id: step.id, changes: insertion(outline, edge, made) };
}

function insertion(outline: Outline, edge: GraphEdge, made: NewStep): Change[] {
  if (!edge.route) return [{ op: "add", step: made, ...atStart(edge.to, outline) }];
  const { from, to } = edge.route;
  const source = outline.get(from);
  if (edge.lead === "then" && source && !saysWhereTo(source.step)) return [{ op: "add", step: made, after: from }];
  return [{ op: "disconnect", from, to, ...route(edge) }, ...inWrittenRoute(outline, edge, { from, to }, made)];
}

/** A step into a route that stands in the text and has been taken away. */
function inWrittenRoute(outline: Outline, edge: GraphEdge, { from, to }: Ends, made: NewStep): Change[] {
  const [source, target] = [outline.get(from), outline.get(to)];
  const connect = { from, ...route(edge) };
  if (edge.lead !== "then" && target && target.holder === source?.holder) {
    // What leads to a branch's start has to say so, so nothing falls into a step that is put before it.
    return [{ op: "add", step: { ...made, ...leadingOn(outline, to) }, before: to, connect }];
  }
  if (edge.role === "error") return asideOf(outline, from, { ...made, ...leadingTo(to) }, edge);
  const isNext = source && sibling(source, 1)?.id === to && !isBranchStart(outline, to);
  return [{ op: "add", step: { ...made, ...(isNext ? {} : leadingTo(to)) }, after: from, connect }];
}

/** The two ends of an arrow, as the document names them. */
export interface Ends {
  from: string;
  to: string;
}

/** A step before the target continues with it by itself, unless other branches start there too. */
function leadingOn(outline: Outline, to: string): Partial<NewStep> {
  const routes = [...outline.values()].flatMap(({ step }) => step.routes ?? []);
  return routes.filter((one) => one.lead !== "then" && one.to.includes(to)).length > 1 ? leadingTo(to) : {};
}

function atStart(to: string, outline: Outline): { before: string } | { lane: "main" } {
  return outline.has(to) ? { before: to } : { lane: "main" };
}

/** A step after another one, led to by `way`. What followed the other follows the new one where that is plain. */
export function addedAfter(outline: Outline, after: string, wanted: Wanted, way: Way = THEN): Insertion {
  const step = freeName(outline, wanted.name);
  const made: NewStep = { ...step, uses: wanted.uses };
  const source = outline.get(after);
  if (!source) return { id: step.id, changes: [{ op: "add", step: made, lane: "main" }] };
  if (way.lead === "error" || way.lead === "timeout") {
    return { id: step.id, changes: asideOf(outline, after, made, way) };
  }
  const isEnd = saysWhereTo(source.step) && sibling(source, 1) !== null;
  const ending = isEnd ? leadingTo("stop") : {};
  return {
    id: step.id,
    changes: [{ op: "add", step: { ...made, ...ending }, after, connect: { from: after, ...route(way) } }],
  };
}

/** A step as the last one in a frame, or of the document. */
export function addedLast(outline: Outline, into: string | null, wanted: Wanted): Insertion {
  const step = freeName(outline, wanted.name);
  const made: NewStep = { ...step, uses: wanted.uses };
  return { id: step.id, changes: [{ op: "add", step: made, ...(into === null ? { lane: "main" } : { into }) }] };
}

/**
 * A step that is only reached when another one fails: last among the steps for errors, or last in its frame. What stands
 * above it there must not run into it.
 */
function asideOf(outline: Outline, from: string, step: NewStep, way: Way): Change[] {
  const source = outline.get(from);
  const place = source && source.holder !== null ? { into: source.holder } : { lane: "errors" as const };
  const add: Change = { op: "add", step, ...place, connect: { from, ...route(way) } };
  const level = [...outline.values()].filter((entry) =>
    source && source.holder !== null
      ? entry.holder === source.holder
      : entry.holder === null && entry.lane === "errors",
  );
  const above = level.at(-1)?.step;
  const runsInto = above !== undefined && !saysWhereTo(above) && step.id !== undefined;
  return runsInto ? [add, { op: "disconnect", from: above.id, to: step.id ?? "", lead: "then" }] : [add];
}

/** A further arrow. */
export function connectedBy(ends: Ends, way: Way): Change {
  return { op: "connect", ...ends, ...route(way) };
}

/** An arrow less; null for one that is no route. */
export function disconnected(edge: GraphEdge): Change | null {
  return edge.route && { op: "disconnect", ...edge.route, ...route({ lead: edge.lead, test: edge.test }) };
}

/** Another condition on an arrow; null where it is the same, or the arrow has no line of its own in the text. */
export function relabelled(outline: Outline, edge: GraphEdge, way: Way): Change[] | null {
  if (!edge.route || (edge.lead === way.lead && (edge.test ?? "") === (way.test ?? ""))) return null;
  const { from, to } = edge.route;
  const routes = outline.get(from)?.step.routes ?? [];
  const index = routes.findIndex(
    (one) => one.lead === edge.lead && (one.test ?? null) === edge.test && one.to.includes(to),
  );
  const cut: Change = { op: "disconnect", from, to, ...route({ lead: edge.lead, test: edge.test }) };
  const isAlone = routes[index]?.to.length === 1;
  if (!isAlone || way.test === null || way.test === "") return [cut, connectedBy({ from, to }, way)];
  return [{ op: "condition", node: from, route: index, test: way.test, lead: way.lead }];
}

/** A step or a trigger less; null for what only the canvas shows. */
export function deleted(node: GraphNode): Change | null {
  if (node.step === null) return null;
  const trigger = /^trigger-(\d+)$/.exec(node.step);
  if (node.shape === "trigger" && trigger) {
    return { op: "set", node: null, path: ["when", Number(trigger[1]) - 1] };
  }
  return { op: "delete", node: node.step };
}

/** A step one place earlier (-1) or later (1) in the document; null where there is no such place. */
export function moved(outline: Outline, step: string, by: -1 | 1): Change | null {
  const entry = outline.get(step);
  const other = entry && sibling(entry, by);
  if (!other) return null;
  return by < 0 ? { op: "move", node: step, before: other.id } : { op: "move", node: step, after: other.id };
}
