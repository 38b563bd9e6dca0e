/** Which way a new arrow or a new step takes: what is clear is done, what is not becomes a question. Pure. */
import { outcomesOf } from "@/document/outcomes";
import type { Lead, Step } from "@/document/types";
import { addedAfter, addedLast, inserted, type Insertion, type Wanted, type Way } from "./changes";
import type { Editable, Outcome } from "./command";
import { type Graph, type GraphEdge, type GraphNode, groupedBySource, type Kinds } from "./graph";
import { canLead } from "./neighbours";
import type { Outline } from "./outline";
import { kindId } from "./reading";
import type { Mode, Spot } from "./state";

export const STOP = "@stop";
export const FAIL = "@fail";

/** Where an arrow may lead from a step, in the order of the document, and the two ends. */
export function targets(graph: Graph, from: string): string[] {
  const steps = graph.nodes.filter((node) => canLead(graph, from, node.id)).map((node) => node.id);
  return [...steps, STOP, FAIL];
}

/** The target after (or before) the present one; from the last to the first. */
export function nextTarget(graph: Graph, mode: { from: string; to: string | null }, by: 1 | -1): string | null {
  const all = targets(graph, mode.from);
  const start = by > 0 ? -1 : 0;
  const at = mode.to === null ? start : all.indexOf(mode.to);
  return all[(at + by + all.length) % all.length] ?? null;
}

/** The name of a target, for people. */
export function targetName(graph: Graph, to: string): string {
  if (to === STOP) return "Stop";
  if (to === FAIL) return "Fail";
  return graph.nodes.find((node) => node.id === to)?.title ?? to;
}

/** A way, and whether nothing else would do. */
export type LikelyWay = Way & { isSure: boolean };

/** The way that a further arrow from a step most likely is. One that decides leads on by conditions, any other just goes on. */
export function likelyWay(outline: Outline, kinds: Kinds, id: string): LikelyWay {
  const step = outline.get(id)?.step;
  if (!step) return { lead: "then", test: null, isSure: true };
  const kind = kinds.get(kindId(step.uses));
  const leads = new Set<Lead>((step.routes ?? []).map((route) => route.lead));
  const outcomes = outcomesOf(kind, step.with ?? {});
  if (outcomes.length > 0 && !leads.has("if")) return openOutcome(step, outcomes);
  const branches = (["if", "when", "otherwise"] as const).filter((lead) => leads.has(lead));
  if (kind?.id !== "condition" && branches.length === 0) return { lead: "then", test: null, isSure: true };
  const isElseOpen = branches.length > 0 && !branches.includes("otherwise");
  return { lead: isElseOpen ? "otherwise" : "if", test: null, isSure: false };
}

function openOutcome(step: Step, outcomes: string[]): LikelyWay {
  const led = new Set((step.routes ?? []).filter((route) => route.lead === "when").map((route) => route.test));
  const open = outcomes.find((name) => !led.has(name));
  return open === undefined
    ? { lead: "otherwise", test: null, isSure: false }
    : { lead: "when", test: open, isSure: false };
}

/** What connecting two nodes comes to: done at once, or the question under which condition. */
export function connecting(situation: Editable, from: string, to: string, lead?: Lead): Outcome {
  const ends = endsOf(situation.graph, from, to);
  if (!ends) return { does: "mode", mode: { is: "idle" } };
  const way = lead ? { lead, test: null, isSure: true } : likelyWay(situation.outline, situation.kinds, ends.from);
  // Nothing after a step is its end already, so an arrow to an end is one under a condition.
  const isPlainEnd = way.lead === "then" && (to === STOP || to === FAIL);
  if (way.isSure && !isPlainEnd) return { does: "change", changes: [{ op: "connect", ...ends, lead: way.lead }] };
  const asked = isPlainEnd ? "if" : way.lead;
  return { does: "mode", mode: { is: "choosing-route", from, to, lead: asked, test: way.test ?? "" } };
}

/** Two nodes as the document names them. */
export function endsOf(graph: Graph, from: string, to: string): { from: string; to: string } | null {
  const step = (id: string) => graph.nodes.find((node) => node.id === id)?.step ?? null;
  const [source, target] = [step(from), to === STOP || to === FAIL ? to.slice(1) : step(to)];
  return source !== null && target !== null ? { from: source, to: target } : null;
}

/** What a new step comes to at a spot: its changes, or first the question under which condition it is reached. */
export function placing(situation: Editable, spot: Spot, wanted: Wanted): Insertion | Mode {
  const { graph, outline } = situation;
  if (spot.into !== undefined) return addedLast(outline, spot.into, wanted);
  const edge = graph.edges.find((one) => one.id === spot.edge);
  if (edge) return inserted(outline, edge, wanted);
  const after = graph.nodes.find((node) => node.id === spot.after);
  if (!after) return addedLast(outline, null, wanted);
  const ways = groupedBySource(graph.edges).get(after.id) ?? [];
  if (after.step !== null && after.shape !== "trigger") return afterStep(situation, after, ways, spot, wanted);
  return ways[0] ? inserted(outline, ways[0], wanted) : addedLast(outline, null, wanted);
}

function afterStep(
  situation: Editable,
  after: GraphNode,
  ways: GraphEdge[],
  spot: Spot,
  wanted: Wanted,
): Insertion | Mode {
  const { outline, kinds } = situation;
  const step = after.step ?? after.id;
  if (spot.isError) return addedAfter(outline, step, wanted, { lead: "error", test: null });
  const way = likelyWay(outline, kinds, step);
  if (!way.isSure) {
    return { is: "choosing-route", from: after.id, to: null, lead: way.lead, test: way.test ?? "", step: wanted };
  }
  const [plain, ...more] = ways.filter((one) => one.role === "plain");
  return plain && more.length === 0 ? inserted(outline, plain, wanted) : addedAfter(outline, step, wanted);
}
