/** Flows for the tests of the canvas: small ones written out, and any number of arbitrary ones. */
import fc from "fast-check";
import type { Flow, FlowEdge, FlowNode, Kind } from "@/document/types";

const KINDS: Kind[] = [
  {
    id: "http",
    title: "Call a web address",
    about: "",
    group: "web",
    effect: "keyed",
    reads_when: { method: ["GET"] },
  },
  { id: "set", title: "Set values", about: "" },
  { id: "condition", title: "Decide", about: "", group: "flow" },
  { id: "foreach", title: "For each", about: "", group: "flow", holds: true },
  { id: "slack.post", title: "Post", about: "", group: "messages", effect: "once", input: { required: ["channel"] } },
  { id: "llm.classify", title: "Sort", about: "", group: "ai", outcomes_from: "labels" },
];
KINDS[0] = {
  ...KINDS[0],
  input: { properties: { method: { default: "GET" } } },
  aliases: ["http.request"],
} as Kind;

export const kinds = new Map(KINDS.flatMap((kind) => [kind.id, ...(kind.aliases ?? [])].map((id) => [id, kind])));

/** A step of a flow. */
export function step(id: string, rest: Partial<FlowNode> = {}): FlowNode {
  return { id, type: "set@1", name: id, ...rest };
}

export function edge(from: string, to: string, condition?: FlowEdge["condition"]): FlowEdge {
  return condition ? { from, to, condition } : { from, to };
}

const condition = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  fc.string({ minLength: 1, maxLength: 60 }).map((test) => ({ if: test })),
  fc.string({ minLength: 1, maxLength: 9 }).map((label) => ({ case: label })),
  fc.constant({ else: true }),
  fc.constant({ on: "error" as const }),
  fc.constant({ on: "timeout" as const }),
);

interface LevelShape {
  nodes: FlowNode[];
  edges: FlowEdge[];
}

/** Nodes whose ids may clash, with edges that mostly run forward, now and then backward, to an end or to nowhere. */
const level = (depth: number): fc.Arbitrary<LevelShape> =>
  fc
    .array(
      fc.record({
        id: fc.integer({ min: 0, max: 30 }).map((number) => `step-${number}`),
        lane: fc.constantFrom("main" as const, "main" as const, "errors" as const),
        inner: depth === 0 ? fc.constant(null) : fc.option(level(depth - 1), { freq: 5 }),
      }),
      { maxLength: 12 },
    )
    .chain((drafts) => {
      const nodes = drafts.map(({ id, lane, inner }) =>
        inner ? step(id, { type: "foreach@1", lane, config: { flow: inner } }) : step(id, { lane }),
      );
      const ids = [...nodes.map((node) => node.id), "@stop", "@fail", "nowhere"];
      const edges = fc.array(
        fc
          .tuple(fc.constantFrom(...ids), fc.constantFrom(...ids), condition)
          .map(([from, to, on]) => edge(from, to, on)),
        { maxLength: 20 },
      );
      return edges.map((list) => ({ nodes, edges: list }));
    });

/** Any flow, sound or not. */
export const anyFlow: fc.Arbitrary<Flow> = level(2).map(({ nodes, edges }) => ({ nodes, edges }));

/** A flow as people write them: each edge leads to a later step. */
export const soundFlow: fc.Arbitrary<Flow> = fc
  .tuple(
    fc.integer({ min: 1, max: 30 }),
    fc.array(fc.tuple(fc.nat(29), fc.integer({ min: 1, max: 6 }), condition), { maxLength: 40 }),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([count, jumps, errors]) => {
    const nodes = Array.from({ length: count }, (_, at) =>
      step(`s${at}`, { lane: at >= count - errors && at > 0 ? "errors" : "main" }),
    );
    const edges = jumps
      .filter(([from, by]) => from + by < count)
      .map(([from, by, on]) => edge(`s${from}`, `s${from + by}`, on));
    return { nodes, edges };
  });
