import { describe, expect, it } from "vitest";
import type { Flow, FlowNode, Kind } from "@/document/types";
import { expressionName, type LastValues, lookUp, type Name, namesIn } from "@/settings/names";
import { namesUnder } from "@/settings/text_field";
import { nodeOf, scopeAtEnd, scopeOf, stepsOf } from "@/settings/scope";

const kind = (id: string, output: Kind["output"]): [string, Kind] => [id, { id, title: id, about: "", output }];
const KINDS = new Map([
  kind("http", {
    type: "object",
    properties: { status: { type: "integer" }, body: { description: "Parsed when it is JSON" } },
  }),
  kind("filter", { type: "object", properties: { items: { type: "array" }, count: { type: "integer" } } }),
  kind("foreach", { type: "object", properties: { results: { type: "array", description: "All" } } }),
  kind("llm.extract", { type: "object", properties: { data: { type: "object" } } }),
  kind("set", { type: "object" }),
]);

const node = (id: string, type: string, config: FlowNode["config"] = {}, more: Partial<FlowNode> = {}): FlowNode => ({
  id,
  name: id,
  type: `${type}@1`,
  config,
  ...more,
});
const FLOW: Flow = {
  inputs: { city: { type: "text", about: "Where" }, "two words": { type: "list of text" } },
  nodes: [
    node("trigger-1", "trigger.schedule"),
    node("fetch-posts", "http"),
    node("each", "foreach", {
      items: "{{ fetch_posts.body }}",
      as: "post",
      flow: {
        nodes: [
          node("read", "http"),
          node("take", "llm.extract", { fields: { total: "number", tags: "list of text" } }),
        ],
        edges: [{ from: "read", to: "take" }],
      },
    }),
    node("box", "group", { flow: { nodes: [node("inside", "set", { a: 1, "b c": "{{ x }}" })], edges: [] } }),
    node("send", "http"),
    node("aside", "http"),
    node("mend", "http", {}, { lane: "errors" }),
  ],
  edges: [
    { from: "trigger-1", to: "fetch-posts" },
    { from: "fetch-posts", to: "each" },
    { from: "each", to: "box" },
    { from: "box", to: "send" },
    { from: "send", to: "mend", condition: { on: "error" } },
  ],
};
const ids = (steps: FlowNode[]) => steps.map((one) => one.id);

describe("what is in scope", () => {
  it("is what comes before, nearest first, groups opened and loops not", () => {
    expect(ids(scopeOf(FLOW, "send").steps)).toEqual(["box", "inside", "each", "fetch-posts"]);
    expect(scopeOf(FLOW, "fetch-posts")).toEqual({ steps: [], loops: [], has_error: false });
    expect(ids(scopeOf(FLOW, "fetch-posts", true).steps)).toEqual(["fetch-posts"]);
  });

  it("reaches out of a loop, which gives its names", () => {
    const scope = scopeOf(FLOW, "take");
    expect(ids(scope.steps)).toEqual(["read", "fetch-posts"]);
    expect(scope.loops.map((one) => one.name)).toEqual(["post", "item", "index"]);
  });

  it("is everything for a step that handles failures, with the error", () => {
    const scope = scopeOf(FLOW, "mend");
    expect(ids(scope.steps)).toEqual(["aside", "send", "box", "inside", "each", "fetch-posts"]);
    expect(scope.has_error).toBe(true);
    expect(scopeOf(FLOW, "send").has_error).toBe(false);
    expect(scopeOf({ ...FLOW, on_failure: "aside" }, "aside").has_error).toBe(true);
  });

  it("ends on a cycle, without the step itself", () => {
    const flow: Flow = {
      nodes: [node("a", "http"), node("b", "http")],
      edges: [
        { from: "a", to: "b" },
        { from: "b", to: "a" },
      ],
    };
    expect(ids(scopeOf(flow, "a").steps)).toEqual(["b"]);
  });

  it("is every outer step at the end", () => {
    expect(ids(scopeAtEnd(FLOW).steps)).toContain("inside");
    expect(ids(scopeAtEnd(FLOW).steps)).not.toContain("read");
  });
});

describe("finding steps", () => {
  it("looks into loops", () => {
    expect(nodeOf(FLOW, "read")?.id).toBe("read");
    expect(nodeOf(FLOW, "nowhere")).toBeNull();
    expect(stepsOf(FLOW).map((one) => `${one.depth} ${one.node.id}`)).toEqual([
      "0 fetch-posts",
      "0 each",
      "1 read",
      "1 take",
      "0 box",
      "1 inside",
      "0 send",
      "0 aside",
      "0 mend",
    ]);
  });
});

describe("names to pick", () => {
  const names = (id: string, last: LastValues | null = null) => namesIn(FLOW, scopeOf(FLOW, id), KINDS, last);
  const children = (list: Name[], path: string) =>
    lookUp(list, path)
      ?.children()
      .map((one) => one.expression);

  it("are expressions, whatever the name", () => {
    expect(expressionName("2nd-try")).toBe("_2nd_try");
    expect(expressionName("not")).toBe("not_");
    expect(expressionName("größe-prüfen")).toBe("größe_prüfen");
    expect(names("send").map((one) => one.expression)).toEqual([
      "box",
      "inside",
      "each",
      "fetch_posts",
      "inputs.city",
      'inputs["two words"]',
      "run",
      "trigger",
    ]);
  });

  it("know what a kind gives", () => {
    expect(children(names("send"), "fetch_posts")).toEqual(["fetch_posts.status", "fetch_posts.body"]);
    expect(children(names("send"), "each.results")).toEqual(["each.results[0]"]);
    expect(children(names("send"), "inside")).toEqual(["inside.a", 'inside["b c"]']);
    expect(children(names("send"), "box")).toEqual(["box.a", 'box["b c"]']);
    const [first] = lookUp(names("send"), "each.results")?.children() ?? [];
    expect(
      first
        ?.children()[0]
        ?.children()
        .map((one) => `${one.label}: ${one.type}`),
    ).toEqual(["total: number", "tags: list"]);
  });

  it("are completed by what has been written of them", () => {
    const under = (start: string) => namesUnder(names("send"), start).map((one) => one.expression);
    expect(under("inputs.")).toEqual(["inputs.city"]);
    expect(under("fetch_posts.")).toEqual(["fetch_posts.status", "fetch_posts.body"]);
    expect(under("each.results[0].")).toEqual(["each.results[0].data"]);
    expect(under("nothing.")).toEqual([]);
    expect(under("")).toContain("box");
  });

  it("know what was there in the last run", () => {
    const last = { steps: { "fetch-posts": { status: 200, body: [{ title: "A", "odd key": 1 }] } } };
    const body = lookUp(names("send", last), "fetch_posts.body");
    expect(body?.type).toBe("list");
    expect(
      body
        ?.children()[0]
        ?.children()
        .map((one) => [one.expression, one.value]),
    ).toEqual([
      ["fetch_posts.body[0].title", "A"],
      ['fetch_posts.body[0]["odd key"]', 1],
    ]);
    expect(children(names("take", last), "post")).toEqual(["post.title", 'post["odd key"]']);
  });
});
