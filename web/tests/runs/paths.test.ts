import { describe, expect, it } from "vitest";
import { around, nodeOf, parentOf, segmentsOf, turnOf } from "@/runs/paths";

describe("paths", () => {
  it.each([
    ["fetch", "fetch", null],
    ["each[3].fetch", "fetch", "each[3]"],
    ["each[3]", "each", "each"],
    ["box.fetch", "fetch", "box"],
    ["each[10].inner[2].box.fetch", "fetch", "each[10].inner[2].box"],
    ["each[10].inner[2]", "inner", "each[10].inner"],
  ])("%s leads to %s and stands in %s", (path, node, parent) => {
    expect(nodeOf(path)).toBe(node);
    expect(parentOf(path)).toBe(parent);
  });

  it("tells a turn from a step in one", () => {
    expect(turnOf("each[3]")).toBe(3);
    expect(turnOf("each[3].fetch")).toBeNull();
    expect(turnOf("fetch")).toBeNull();
  });

  it("tells everything around, from the inside out", () => {
    expect(around("each[1].box.fetch")).toEqual(["each[1].box", "each[1]", "each"]);
    expect(around("fetch")).toEqual([]);
  });

  it("takes a path apart", () => {
    expect(segmentsOf("each[1].box.fetch")).toEqual([
      { id: "each", turn: 1 },
      { id: "box", turn: null },
      { id: "fetch", turn: null },
    ]);
  });
});
