import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BY_HAND, buildGraph } from "@/canvas/graph";
import { anyFlow, edge, kinds, step } from "./flows";

/** Enough to find what is wrong, few enough for a busy machine. */
const RUNS = { numRuns: 50 };

describe("any flow", () => {
  it("gives nodes and edges with ids of their own, and edges between nodes that are there", () => {
    fc.assert(
      fc.property(anyFlow, (flow) => {
        const { nodes, edges } = buildGraph(flow, kinds);
        const ids = nodes.map((node) => node.id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(new Set(edges.map((one) => one.id)).size).toBe(edges.length);
        for (const one of edges) expect(ids).toEqual(expect.arrayContaining([one.from, one.to]));
      }),
      RUNS,
    );
  });

  it("draws every step of every level once, frames before what they hold", () => {
    fc.assert(
      fc.property(anyFlow, (flow) => {
        const { nodes } = buildGraph(flow, kinds);
        const count = (list: typeof flow.nodes): number =>
          (list ?? []).reduce((sum, node) => {
            const inner = node.config?.flow as { nodes: typeof flow.nodes } | undefined;
            return sum + 1 + count(inner?.nodes);
          }, 0);
        expect(nodes.filter((node) => node.step !== null)).toHaveLength(count(flow.nodes));
        nodes.forEach((node, at) => {
          if (node.parent === null) return;
          const holder = nodes.findIndex((other) => other.id === node.parent);
          expect(holder).toBeLessThan(at);
          expect(nodes[holder]?.shape).toBe("frame");
        });
      }),
      RUNS,
    );
  });

  it("gives the same graph again", () => {
    fc.assert(
      fc.property(anyFlow, (flow) => {
        expect(buildGraph(structuredClone(flow), kinds)).toEqual(buildGraph(flow, kinds));
      }),
      RUNS,
    );
  });
});

describe("edges", () => {
  const graph = buildGraph(
    {
      nodes: [
        { id: "trigger-1", type: "trigger.webhook@1", config: { path: "/in" } },
        step("ask", { type: "http@1" }),
        step("yes"),
        step("no"),
        step("mend", { lane: "errors" }),
      ],
      edges: [
        edge("trigger-1", "ask"),
        edge("ask", "yes", { if: "ask.status == 200" }),
        edge("ask", "no", { else: true }),
        edge("ask", "mend", { on: "error", failure: "auth" }),
        edge("yes", "@stop", { case: "done" }),
        edge("no", "@fail", { on: "timeout" }),
      ],
    },
    kinds,
  );

  it("say their condition and how they are drawn", () => {
    expect(graph.edges.map(({ lead, test, label, role }) => [lead, test, label, role])).toEqual([
      ["then", null, null, "plain"],
      ["if", "ask.status == 200", "ask.status == 200", "branch"],
      ["otherwise", null, "Otherwise", "branch"],
      ["error", "auth", "On error: auth", "error"],
      ["when", "done", "done", "branch"],
      ["timeout", null, "On timeout", "error"],
    ]);
  });

  it("name the route they stand for, but for those of triggers", () => {
    expect(graph.edges.map((one) => one.route)).toEqual([
      null,
      { from: "ask", to: "yes" },
      { from: "ask", to: "no" },
      { from: "ask", to: "mend" },
      { from: "yes", to: "stop" },
      { from: "no", to: "fail" },
    ]);
  });

  it("end in an end of their own", () => {
    const ends = graph.nodes.filter((node) => node.shape === "end");
    expect(ends.map(({ kind, step: of }) => [kind, of])).toEqual([
      ["stop", null],
      ["fail", null],
    ]);
  });
});

describe("steps", () => {
  it("that hold others are frames, with steps in them or without", () => {
    const inner = { nodes: [step("inside")], edges: [] };
    const { nodes } = buildGraph(
      {
        nodes: [
          step("each", {
            type: "foreach@1",
            config: { items: "{{ inputs.rows }}", as: "row", at_once: 3, flow: inner },
          }),
          step("bare", { type: "repeat@1" }),
        ],
      },
      kinds,
    );
    const byId = new Map(nodes.map((node) => [node.id, node]));
    expect(byId.get("each")).toMatchObject({ shape: "frame", summary: "each row of inputs.rows, 3 at once" });
    expect(byId.get("inside")).toMatchObject({ shape: "step", parent: "each" });
    expect(byId.get("bare")?.shape).toBe("frame");
  });

  it("of one id are told apart on the canvas, and arrows lead to the first", () => {
    const { nodes, edges } = buildGraph(
      { nodes: [step("a"), step("a", { name: "Again" }), step("b")], edges: [edge("b", "a")] },
      kinds,
    );
    expect(nodes.filter((node) => node.step === "a").map((node) => node.id)).toEqual(["a", "a~2"]);
    expect(edges.find((one) => one.from === "b")?.to).toBe("a");
  });

  it("tell their effect: what only reads does not act", () => {
    const of = (config: Record<string, unknown>) =>
      buildGraph({ nodes: [step("call", { type: "http@1", config })] }, kinds).nodes.at(-1)?.effect;
    expect(of({})).toBe("read");
    expect(of({ method: "get" })).toBe("read");
    expect(of({ method: "POST" })).toBe("keyed");
  });

  it.each([
    [{ type: "http@1", config: { url: "https://api.example.org/v1/rows/?page=1" } }, "GET api.example.org/v1/rows"],
    [{ type: "slack.post@1", config: { text: "It broke", channel: "#ops" } }, "channel: #ops"],
    [{ type: "llm.classify@1", config: { text: "x", labels: ["outage", "billing"] } }, "outage · billing"],
    [{ type: "llm.classify@1", config: { labels: { outage: "Nothing works", other: "" } } }, "outage · other"],
    [{ type: "wait@1", config: { for: "10s" } }, "for 10s"],
    [{ type: "set@1", config: { id: 1, body: "{{ ask.body }}" } }, "id, body"],
    [{ type: "set@1" }, "Set values"],
    [{ type: "http@1" }, "Call a web address"],
    [{ type: "unknown@1" }, "unknown"],
  ])("are summed up by what tells most: %j", (node, summary) => {
    expect(buildGraph({ nodes: [step("it", node)] }, kinds).nodes.at(-1)?.summary).toBe(summary);
  });
});

describe("the start", () => {
  it("is drawn by hand where no trigger starts the agent", () => {
    const { nodes, edges } = buildGraph(
      { nodes: [step("a"), step("b"), step("mend", { lane: "errors" })], edges: [edge("a", "b")] },
      kinds,
    );
    expect(nodes[0]).toMatchObject({ id: BY_HAND, step: null, shape: "trigger" });
    expect(edges.filter((one) => one.from === BY_HAND).map((one) => one.to)).toEqual(["a"]);
  });

  it("is not drawn for nothing, nor beside a trigger", () => {
    expect(buildGraph({ nodes: [] }, kinds)).toEqual({ nodes: [], edges: [] });
    const trigger = {
      id: "trigger-1",
      type: "trigger.schedule@1",
      config: { phrase: "every day at 08:00 in Europe/Berlin", timezone: "Europe/Berlin" },
    };
    const { nodes } = buildGraph({ nodes: [trigger, step("a")], edges: [edge("trigger-1", "a")] }, kinds);
    expect(nodes.map((node) => node.id)).toEqual(["trigger-1", "a"]);
    expect(nodes[0]).toMatchObject({ title: "Every day at 08:00", summary: "Europe/Berlin" });
  });
});
