/** From a flow to the graph that the canvas draws. Pure: the same flow gives the same graph, whatever was drawn before. */
import type { Flow, FlowEdge, FlowNode, Kind, Lead } from "@/document/types";
import { edgeLabel } from "./labels";
import { effectOf, innerFlow, kindId, leadOf, lookOf, shapeOf, titleOf } from "./reading";
import { summaryOf } from "./summary";

/** Step kinds by id and by alias. */
export type Kinds = ReadonlyMap<string, Kind>;

export type Shape = "trigger" | "step" | "frame" | "end";
export type Effect = NonNullable<Kind["effect"]>;

/** One thing on the canvas. */
export interface GraphNode {
  /** Unique on the canvas, also where the document gives two steps one id. */
  id: string;
  /** The step's or trigger's id in the document; null for what only the canvas shows (ends, the start by hand). */
  step: string | null;
  shape: Shape;
  /** The frame that holds it, or null at the top. A frame stands before what it holds. */
  parent: string | null;
  lane: "main" | "errors";
  /** The kind's id without its version: `http`, `trigger.schedule`, `stop`, `fail`. */
  kind: string;
  group: string;
  title: string;
  summary: string;
  effect: Effect;
}

/** An arrow. `from` and `to` are ids on the canvas. */
export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  lead: Lead;
  test: string | null;
  /** What stands on the arrow; null on one that is always taken. */
  label: string | null;
  /** How it is drawn: the way on, one of several ways, or the way out of a failure. */
  role: "plain" | "branch" | "error";
  /** The ends as the document names them, for changes; null where the arrow is no route (from a trigger). */
  route: { from: string; to: string } | null;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** The start that is drawn for an agent without a trigger. */
export const BY_HAND = "@by-hand";

/** What the canvas draws for a flow. Edges that lead to nothing known are left out; findings tell of them. */
export function buildGraph(flow: Flow, kinds: Kinds): Graph {
  const builder = new Builder(kinds);
  builder.level(flow.nodes ?? [], flow.edges ?? [], null);
  const graph = builder.finish();
  return withStartByHand(graph);
}

class Builder {
  private readonly nodes: GraphNode[] = [];
  private readonly edges: GraphEdge[] = [];
  /** Where each id of the document is drawn; of two steps with one id, the first. */
  private readonly drawn = new Map<string, string>();
  private readonly taken = new Set<string>();
  private readonly pending: { edge: FlowEdge; from: GraphNode }[] = [];

  constructor(private readonly kinds: Kinds) {}

  level(nodes: FlowNode[], edges: FlowEdge[], parent: string | null): void {
    const here = new Map<string, GraphNode>();
    for (const node of nodes) {
      const drawn = this.node(node, parent);
      if (!here.has(node.id)) here.set(node.id, drawn);
    }
    for (const edge of edges) {
      const from = here.get(edge.from);
      if (from) this.pending.push({ edge, from });
    }
  }

  private node(node: FlowNode, parent: string | null): GraphNode {
    const kind = kindId(node.type);
    const declared = this.kinds.get(kind);
    const inner = innerFlow(node);
    const drawn: GraphNode = {
      id: this.claim(node.id),
      step: node.id,
      shape: shapeOf(kind, inner !== null || declared?.holds === true),
      parent,
      lane: node.lane ?? "main",
      ...lookOf(kind, declared),
      title: titleOf(node, kind),
      summary: summaryOf(node, declared),
      effect: effectOf(node, declared),
    };
    this.nodes.push(drawn);
    if (!this.drawn.has(node.id)) this.drawn.set(node.id, drawn.id);
    if (inner) this.level(inner.nodes, inner.edges, drawn.id);
    return drawn;
  }

  private claim(id: string): string {
    let free = id;
    for (let number = 2; this.taken.has(free); number += 1) free = `${id}~${number}`;
    this.taken.add(free);
    return free;
  }

  finish(): Graph {
    for (const { edge, from } of this.pending) this.edge(edge, from);
    return { nodes: parentsFirst(this.nodes), edges: this.edges };
  }

  private edge(edge: FlowEdge, from: GraphNode): void {
    const to = edge.to === "@stop" || edge.to === "@fail" ? this.end(edge.to, from) : this.drawn.get(edge.to);
    if (to === undefined || to === from.id) return;
    const { lead, test } = leadOf(edge);
    this.edges.push({
      id: this.claim(`${from.id}→${to}:${lead}${test === null ? "" : `:${test}`}`),
      from: from.id,
      to,
      lead,
      test,
      label: edgeLabel(lead, test),
      role: lead === "then" ? "plain" : lead === "error" || lead === "timeout" ? "error" : "branch",
      route: from.shape === "trigger" ? null : { from: edge.from, to: edge.to.replace(/^@/, "") },
    });
  }

  /** An end of its own beside each step that leads there, so that no arrows run across the canvas to a shared one. */
  private end(target: "@stop" | "@fail", from: GraphNode): string {
    const id = `${from.id}${target}`;
    if (!this.taken.has(id)) {
      this.taken.add(id);
      const isStop = target === "@stop";
      this.nodes.push({
        id,
        step: null,
        shape: "end",
        parent: from.parent,
        lane: from.lane,
        kind: isStop ? "stop" : "fail",
        group: "flow",
        title: isStop ? "Stop" : "Fail",
        summary: "",
        effect: "none",
      });
    }
    return id;
  }
}

/** The library that draws wants frames before what they hold. Otherwise the order of the document stays. */
function parentsFirst(nodes: GraphNode[]): GraphNode[] {
  const ends = nodes.filter((node) => node.shape === "end");
  return ends.length === 0 ? nodes : [...nodes.filter((node) => node.shape !== "end"), ...ends];
}

/** Where no trigger starts the agent, a person does: that start is drawn too, so that every canvas has a beginning. */
function withStartByHand(graph: Graph): Graph {
  const top = graph.nodes.filter((node) => node.parent === null && node.lane === "main");
  if (top.length === 0 || top.some((node) => node.shape === "trigger")) return graph;
  const entered = new Set(graph.edges.map((edge) => edge.to));
  const starts = top.filter((node) => !entered.has(node.id) && node.shape !== "end");
  const start: GraphNode = {
    id: BY_HAND,
    step: null,
    shape: "trigger",
    parent: null,
    lane: "main",
    kind: "trigger.manual",
    group: "trigger",
    title: "By hand",
    summary: "Starts when somebody asks for it",
    effect: "none",
  };
  const edges = starts.map((node): GraphEdge => ({
    id: `${BY_HAND}→${node.id}`,
    from: BY_HAND,
    to: node.id,
    lead: "then",
    test: null,
    label: null,
    role: "plain",
    route: null,
  }));
  return { nodes: [start, ...graph.nodes], edges: [...edges, ...graph.edges] };
}

/** The arrows that leave each node, in the order in which they are tried. */
export function groupedBySource(edges: readonly GraphEdge[]): Map<string, GraphEdge[]> {
  const bySource = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const list = bySource.get(edge.from);
    if (list) list.push(edge);
    else bySource.set(edge.from, [edge]);
  }
  return bySource;
}
