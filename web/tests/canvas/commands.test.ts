import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Change, Flow, Spec, Step } from "@/document/types";
import type { Outcome, Situation } from "@/canvas/command";
import { COMMANDS, commandFor } from "@/canvas/commands";
import { buildGraph, type Graph, type GraphNode } from "@/canvas/graph";
import { keysOf, type KeyPress } from "@/canvas/keys";
import { layOut } from "@/canvas/layout/layout";
import { outlineOf } from "@/canvas/outline";
import { IDLE, type Mode } from "@/canvas/state";
import { connecting, targets } from "@/canvas/ways";
import { anyFlow, edge, kinds, step } from "./flows";

/** ask → (yes | no), yes → say, each holds one; mend for when ask fails. */
const flow: Flow = {
  nodes: [
    { id: "trigger-1", type: "trigger.webhook@1", config: { path: "/in" } },
    step("ask", { type: "condition@1" }),
    step("yes"),
    step("no"),
    step("each", {
      type: "foreach@1",
      config: { flow: { nodes: [step("one"), step("two")], edges: [edge("one", "two")] } },
    }),
    step("mend", { lane: "errors" }),
  ],
  edges: [
    edge("trigger-1", "ask"),
    edge("ask", "yes", { if: "x > 1" }),
    edge("ask", "no", { else: true }),
    edge("ask", "mend", { on: "error" }),
    edge("yes", "each"),
    edge("no", "each"),
  ],
};
const plain = (id: string, uses = "set", rest: Partial<Step> = {}): Step => ({ id, name: id, uses, ...rest }) as Step;
const spec = {
  title: "T",
  steps: [
    plain("ask", "condition", {
      routes: [
        { lead: "if", to: ["yes"], test: "x > 1" },
        { lead: "otherwise", to: ["no"] },
        { lead: "error", to: ["mend"] },
      ],
    }),
    plain("yes", "set", { routes: [{ lead: "then", to: ["each"] }] }),
    plain("no"),
    plain("each", "foreach", { steps: [plain("one"), plain("two")] }),
  ],
  errors: [plain("mend")],
} as unknown as Spec;

const graph = buildGraph(flow, kinds);
const layout = layOut(graph, "right");

function at(selected: string | null, more: Partial<Situation> = {}): Situation {
  return {
    graph,
    layout,
    outline: outlineOf(spec),
    kinds,
    selected: graph.nodes.find((node) => node.id === selected) ?? null,
    edge: null,
    mode: IDLE,
    canUndo: false,
    canRedo: false,
    ...more,
  };
}

function press(keys: string, situation: Situation): Outcome | null {
  return commandFor(keys, situation)?.perform(situation) ?? null;
}

function changes(outcome: Outcome | null): Change[] {
  return outcome?.does === "change" ? outcome.changes : [];
}

/** What is gone to is there, and what is changed is what is selected. */
function expectSound(outcome: Outcome, drawn: Graph, selected: GraphNode | null): void {
  if (outcome.does === "select") expect(drawn.nodes.find((node) => node.id === outcome.node)?.step).not.toBeNull();
  if (outcome.does === "select-edge" && outcome.edge !== null) {
    expect(drawn.edges.find((one) => one.id === outcome.edge)?.from).toBe(selected?.id);
  }
  for (const change of changes(outcome)) {
    if ("node" in change && change.node !== null) expect(change.node).toBe(selected?.step);
  }
}

describe("every command", () => {
  it("has an id of its own, and at most one command answers to keys at a time", () => {
    expect(new Set(COMMANDS.map(({ id }) => id)).size).toBe(COMMANDS.length);
    const situations = [at(null), at("yes"), at("each"), at("trigger-1"), at("ask", { edge: graph.edges[1] ?? null })];
    for (const situation of situations) {
      const keys = COMMANDS.filter((command) => command.when(situation)).flatMap((command) => command.keys);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it("holds for any flow: what it changes and selects is there", () => {
    fc.assert(
      fc.property(anyFlow, fc.nat(), fc.constantFrom(...COMMANDS), (any, pick, command) => {
        const drawn = buildGraph(any, kinds);
        const selected = drawn.nodes[pick % Math.max(1, drawn.nodes.length)] ?? null;
        const situation = at(null, { graph: drawn, layout: layOut(drawn, "down"), selected });
        if (!command.when(situation)) return;
        expectSound(command.perform(situation), drawn, selected);
      }),
      { numRuns: 80 },
    );
  });

  it("changes nothing where nothing may be changed", () => {
    for (const command of COMMANDS.filter(({ id, group }) => group === "Change" && id !== "undo" && id !== "redo")) {
      for (const node of graph.nodes) expect(command.when(at(node.id, { outline: null })), command.id).toBe(false);
    }
  });
});

describe("arrow keys", () => {
  it.each([
    ["trigger-1", "Right", "ask"],
    ["ask", "Right", "yes"],
    ["yes", "Down", "no"],
    ["no", "Up", "yes"],
    ["yes", "Right", "each"],
    ["each", "Right", "one"],
    ["one", "Right", "two"],
    ["one", "Left", "each"],
    ["ask", "Left", "trigger-1"],
    ["no", "Down", "mend"],
  ])("go from %s %s to %s", (from, key, to) => {
    expect(press(key, at(from))).toEqual({ does: "select", node: to });
  });

  it("go along the selected arrow", () => {
    const edge = graph.edges.find(({ from, to }) => from === "ask" && to === "no") ?? null;
    expect(press("Right", at("ask", { edge }))).toEqual({ does: "select", node: "no" });
    expect(press("Left", at("ask", { edge }))).toEqual({ does: "select", node: "trigger-1" });
  });

  it("follow the direction of reading", () => {
    const down = at("ask", { layout: layOut(graph, "down") });
    expect(press("Down", down)).toEqual({ does: "select", node: "yes" });
  });

  it("begin with the first, and stay at the rim", () => {
    expect(press("Right", at(null))).toEqual({ does: "select", node: "trigger-1" });
    expect(press("Left", at("trigger-1"))).toEqual({ does: "nothing" });
  });
});

describe("changing", () => {
  it.each([
    ["Delete", "yes", { op: "delete", node: "yes" }],
    ["Delete", "trigger-1", { op: "set", node: null, path: ["when", 0] }],
    ["D", "yes", { op: "duplicate", node: "yes" }],
    ["Mod+D", "one", { op: "duplicate", node: "one" }],
    ["Alt+Up", "no", { op: "move", node: "no", before: "yes" }],
    ["Alt+Down", "no", { op: "move", node: "no", after: "each" }],
    ["Alt+Right", "one", { op: "move", node: "one", after: "two" }],
  ])("%s on %s", (keys, node, change) => {
    expect(changes(press(keys, at(node)))).toEqual([change]);
  });

  it("a deleted step leaves the selection on the one before it", () => {
    expect(press("Delete", at("yes"))).toMatchObject({ select: "ask" });
  });

  it("deletes the selected arrow, not its step", () => {
    const otherwise = graph.edges.find((one) => one.lead === "otherwise") ?? null;
    expect(changes(press("Delete", at("ask", { edge: otherwise })))).toEqual([
      { op: "disconnect", from: "ask", to: "no", lead: "otherwise" },
    ]);
  });

  it("stays where there is nowhere to move", () => {
    expect(press("Alt+Up", at("ask"))).toEqual({ does: "nothing" });
    expect(press("Alt+Down", at("mend"))).toEqual({ does: "nothing" });
  });

  it("cannot rename or duplicate a trigger", () => {
    expect(press("F2", at("trigger-1"))).toBeNull();
    expect(press("D", at("trigger-1"))).toBeNull();
  });

  it("asks for the kind of a new step at the right place", () => {
    const spot = (outcome: Outcome | null) =>
      outcome?.does === "mode" && outcome.mode.is === "choosing-kind" ? outcome.mode.spot : null;
    expect(spot(press("/", at(null)))).toEqual({ after: null });
    expect(spot(press("A", at("yes")))).toEqual({ after: "yes" });
    expect(spot(press("E", at("yes")))).toEqual({ after: "yes", isError: true });
    expect(spot(press("I", at("each")))).toEqual({ after: null, into: "each" });
    expect(press("I", at("yes"))).toBeNull();
  });
});

describe("connecting", () => {
  it("offers what stands later on the same level, and the two ends", () => {
    expect(targets(graph, "yes")).toEqual(["no", "each", "mend", "@stop", "@fail"]);
    expect(targets(graph, "one")).toEqual(["two", "@stop", "@fail"]);
  });

  it("chooses the target by arrow keys, round and round", () => {
    const mode: Mode = { is: "connecting", from: "one", to: "two" };
    const next = press("Down", at("one", { mode }));
    expect(next).toMatchObject({ does: "mode", mode: { to: "@stop" } });
    expect(press("Up", at("one", { mode }))).toMatchObject({ does: "mode", mode: { to: "@fail" } });
    expect(press("Esc", at("one", { mode }))).toEqual({ does: "mode", mode: IDLE });
  });

  it("is done at once where the way is clear, and asks where it is not", () => {
    const situation = { ...at(null), outline: outlineOf(spec) };
    expect(connecting(situation, "no", "mend")).toEqual({
      does: "change",
      changes: [{ op: "connect", from: "no", to: "mend", lead: "then" }],
    });
    expect(connecting(situation, "no", "mend", "error")).toMatchObject({ changes: [{ lead: "error" }] });
    expect(connecting(situation, "ask", "each")).toMatchObject({
      does: "mode",
      mode: { is: "choosing-route", lead: "if" },
    });
    expect(connecting(situation, "no", "@stop")).toMatchObject({
      does: "mode",
      mode: { is: "choosing-route", lead: "if" },
    });
  });
});

describe("keys", () => {
  const key = (name: string, more: Partial<KeyPress> = {}) =>
    keysOf({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  it.each([
    [key("ArrowUp", { altKey: true }), "Alt+Up"],
    [key("z", { ctrlKey: true }), "Mod+Z"],
    [key("Z", { metaKey: true, shiftKey: true }), "Mod+Shift+Z"],
    [key("/", { shiftKey: true }), "/"],
    [key("?", { shiftKey: true }), "?"],
    [key("+"), "Plus"],
    [key("Escape"), "Esc"],
    [key("F2"), "F2"],
  ])("%s is %s", (written, expected) => expect(written).toBe(expected));
});
