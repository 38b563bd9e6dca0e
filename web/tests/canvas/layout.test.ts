import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildGraph, type Graph } from "@/canvas/graph";
import { type Direction, layOut } from "@/canvas/layout/layout";
import { absoluteBox } from "@/canvas/view";
import { anyFlow, edge, kinds, soundFlow, step } from "./flows";

/** Enough to find what is wrong, few enough for a busy machine. */
const RUNS = { numRuns: 50 };

const direction = fc.constantFrom<Direction>("right", "down");

function boxes(graph: Graph, along: Direction) {
  const layout = layOut(graph, along);
  return new Map(graph.nodes.map((node) => [node.id, { node, box: absoluteBox(layout, graph, node.id) }]));
}

type Rect = { x: number; y: number; width: number; height: number };

function overlap(a: Rect, b: Rect): boolean {
  const slack = 0.01;
  return (
    a.x + a.width > b.x + slack &&
    b.x + b.width > a.x + slack &&
    a.y + a.height > b.y + slack &&
    b.y + b.height > a.y + slack
  );
}

describe("any graph", () => {
  it("has a place for every node and a way for every arrow", () => {
    fc.assert(
      fc.property(anyFlow, direction, (flow, along) => {
        const graph = buildGraph(flow, kinds);
        const layout = layOut(graph, along);
        expect(Object.keys(layout.boxes).sort()).toEqual(graph.nodes.map((node) => node.id).sort());
        expect(Object.keys(layout.paths).sort()).toEqual(graph.edges.map((one) => one.id).sort());
        for (const path of Object.values(layout.paths)) expect(path.d).toMatch(/^M[-0-9.MLC ]+$/);
      }),
      RUNS,
    );
  });

  it("has no two nodes over each other, and frames around what they hold", () => {
    fc.assert(
      fc.property(anyFlow, direction, (flow, along) => {
        const all = [...boxes(buildGraph(flow, kinds), along).values()];
        for (const { node, box } of all) {
          for (const other of all) {
            if (other.node.id <= node.id || other.node.parent !== node.parent || !box || !other.box) continue;
            expect(overlap(box, other.box), `${node.id} and ${other.node.id}`).toBe(false);
          }
          const holder = all.find((one) => one.node.id === node.parent)?.box;
          if (!holder || !box) continue;
          expect(box.x).toBeGreaterThanOrEqual(holder.x);
          expect(box.y).toBeGreaterThanOrEqual(holder.y);
          expect(box.x + box.width).toBeLessThanOrEqual(holder.x + holder.width + 0.01);
          expect(box.y + box.height).toBeLessThanOrEqual(holder.y + holder.height + 0.01);
        }
      }),
      RUNS,
    );
  });
});

describe("a sound flow", () => {
  it("reads in one direction, with the steps for errors apart from all others", () => {
    fc.assert(
      fc.property(soundFlow, direction, (flow, along) => {
        const graph = buildGraph(flow, kinds);
        const all = boxes(graph, along);
        const begin = (id: string) => all.get(id)?.box?.[along === "right" ? "x" : "y"] ?? NaN;
        for (const one of graph.edges) expect(begin(one.from)).toBeLessThan(begin(one.to));
        const [start, size] = along === "right" ? (["y", "height"] as const) : (["x", "width"] as const);
        const lanes = [...all.values()].filter(({ box }) => box !== null);
        const mainEnd = Math.max(
          ...lanes
            .filter(({ node }) => node.lane === "main")
            .map(({ box }) => (box?.[start] ?? 0) + (box?.[size] ?? 0)),
        );
        for (const { node, box } of lanes) if (node.lane === "errors") expect(box?.[start]).toBeGreaterThan(mainEnd);
      }),
      RUNS,
    );
  });

  it("draws a chain as a straight line", () => {
    const nodes = Array.from({ length: 12 }, (_, at) => step(`s${at}`));
    const edges = nodes.slice(1).map((node, at) => edge(`s${at}`, node.id));
    const all = boxes(buildGraph({ nodes, edges }, kinds), "right");
    const middles = [...all.values()].map(({ box }) => (box ? box.y + box.height / 2 : NaN));
    for (const middle of middles) expect(middle).toBeCloseTo(middles[0] ?? NaN);
  });

  it("keeps what stands before a new step where it was", () => {
    const nodes = Array.from({ length: 6 }, (_, at) => step(`s${at}`));
    const edges = nodes.slice(1).map((node, at) => edge(`s${at}`, node.id));
    const before = layOut(buildGraph({ nodes, edges }, kinds), "right");
    const longer = { nodes: [...nodes, step("s6")], edges: [...edges, edge("s5", "s6")] };
    const after = layOut(buildGraph(longer, kinds), "right");
    for (const node of nodes) expect(after.boxes[node.id]).toEqual(before.boxes[node.id]);
  });

  it("keeps branches in the order of the document", () => {
    const nodes = ["ask", "one", "two", "three"].map((id) => step(id));
    const edges = ["one", "two", "three"].map((to) => edge("ask", to, { case: to }));
    const layout = layOut(buildGraph({ nodes, edges }, kinds), "right");
    const heights = ["one", "two", "three"].map((id) => layout.boxes[id]?.y ?? NaN);
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
  });
});

describe("a large flow", () => {
  it("of 2,000 steps with branches is laid out within moments", () => {
    const nodes = Array.from({ length: 2000 }, (_, at) => step(`s${at}`));
    const edges = nodes.flatMap((_, at) => [
      ...(at + 1 < 2000 ? [edge(`s${at}`, `s${at + 1}`)] : []),
      ...(at % 7 === 0 && at + 3 < 2000 ? [edge(`s${at}`, `s${at + 3}`, { if: "x" })] : []),
    ]);
    const graph = buildGraph({ nodes, edges }, kinds);
    const start = performance.now();
    const layout = layOut(graph, "right");
    expect(Object.keys(layout.boxes)).toHaveLength(2001);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("where every step leads to the last stays within bounds", () => {
    const nodes = Array.from({ length: 700 }, (_, at) => step(`s${at}`));
    const edges = nodes.flatMap((_, at) =>
      at < 699 ? [edge(`s${at}`, `s${at + 1}`), edge(`s${at}`, "s699", { on: "error" })] : [],
    );
    const graph = buildGraph({ nodes, edges }, kinds);
    const start = performance.now();
    expect(Object.keys(layOut(graph, "down").paths)).toHaveLength(graph.edges.length);
    expect(performance.now() - start).toBeLessThan(4000);
  });
});
