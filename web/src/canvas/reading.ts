/** What single nodes and edges of a flow say, read for the canvas. */
import type { FlowEdge, FlowNode, Kind, Lead } from "@/document/types";
import type { Effect, GraphNode, Shape } from "./graph";
import { triggerTitle } from "./summary";

const HOLDERS = new Set(["foreach", "repeat", "group"]);

/** A kind's id from a versioned type: `http@1` → `http`. */
export function kindId(type: string): string {
  return type.split("@")[0] ?? type;
}

export function shapeOf(kind: string, holds: boolean): Shape {
  if (kind.startsWith("trigger.")) return "trigger";
  return holds || HOLDERS.has(kind) ? "frame" : "step";
}

export function lookOf(kind: string, declared: Kind | undefined): Pick<GraphNode, "kind" | "group"> {
  if (kind.startsWith("trigger.")) return { kind, group: "trigger" };
  return { kind: declared?.id ?? kind, group: declared?.group ?? "data" };
}

export function titleOf(node: FlowNode, kind: string): string {
  return kind.startsWith("trigger.") ? triggerTitle(node) : node.name || node.id;
}

/** The steps that a loop or a group holds, if the node has any. */
export function innerFlow(node: FlowNode): { nodes: FlowNode[]; edges: FlowEdge[] } | null {
  const flow = node.config?.flow;
  if (typeof flow !== "object" || flow === null) return null;
  const { nodes, edges } = flow as { nodes?: unknown; edges?: unknown };
  if (!Array.isArray(nodes)) return null;
  return { nodes: nodes as FlowNode[], edges: Array.isArray(edges) ? (edges as FlowEdge[]) : [] };
}

export function leadOf(edge: FlowEdge): { lead: Lead; test: string | null } {
  const condition = edge.condition;
  if (!condition) return { lead: "then", test: null };
  if (condition.if != null) return { lead: "if", test: condition.if };
  if (condition.case != null) return { lead: "when", test: condition.case };
  if (condition.on != null) return { lead: condition.on, test: condition.failure ?? null };
  return condition.else ? { lead: "otherwise", test: null } : { lead: "then", test: null };
}

export function effectOf(node: FlowNode, kind: Kind | undefined): Effect {
  if (node.effect) return node.effect;
  if (!kind) return "none";
  return onlyReads(node.config ?? {}, kind) ? "read" : (kind.effect ?? "none");
}

/** Whether a setting says that this step only looks, as a GET does. */
function onlyReads(config: Record<string, unknown>, kind: Kind): boolean {
  const properties = (kind.input?.properties ?? {}) as Record<string, { default?: unknown }>;
  return Object.entries(kind.reads_when ?? {}).some(([key, values]) => {
    const value = config[key] ?? properties[key]?.default;
    return values.includes(typeof value === "string" ? value.toUpperCase() : value);
  });
}
