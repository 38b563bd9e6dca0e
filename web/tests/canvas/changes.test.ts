import { describe, expect, it } from "vitest";
import { addedAfter, addedLast, inserted, relabelled } from "@/canvas/changes";
import type { GraphEdge } from "@/canvas/graph";
import { freeName, outlineOf } from "@/canvas/outline";
import { searched } from "@/canvas/search";
import type { Kind, Lead, Spec, Step } from "@/document/types";

const plain = (id: string, routes: Step["routes"] = [], steps: Step[] = []): Step =>
  ({ id, name: id, uses: "set", routes, steps }) as Step;

const spec = {
  title: "T",
  steps: [
    plain("read"),
    plain("ask", [
      { lead: "if", to: ["yes"], test: "x" },
      { lead: "otherwise", to: ["stop"] },
    ]),
    plain("yes", [{ lead: "then", to: ["last"] }]),
    plain("other"),
    plain("last", [{ lead: "error", to: ["mend"] }]),
    plain("each", [], [plain("one"), plain("two")]),
  ],
  errors: [plain("mend"), plain("tell")],
} as unknown as Spec;
const outline = outlineOf(spec);
const wanted = { uses: "http", name: "New one" };

function arrow(from: string, to: string, lead: Lead = "then", test: string | null = null): GraphEdge {
  const role = lead === "then" ? "plain" : lead === "error" || lead === "timeout" ? "error" : "branch";
  return { id: "e", from, to, lead, test, label: null, role, route: { from, to } };
}

const step = { name: "New one", id: "new-one", uses: "http" };
const then = (to: string) => ({ routes: [{ lead: "then", to: [to] }] });

describe("a step into an arrow", () => {
  it("that only follows from the order is a step in between, and nothing else", () => {
    expect(inserted(outline, arrow("read", "ask"), wanted)).toEqual({
      id: "new-one",
      changes: [{ op: "add", step, after: "read" }],
    });
  });

  it("that is a condition takes the condition over, before the branch's start", () => {
    expect(inserted(outline, arrow("ask", "yes", "if", "x"), wanted).changes).toEqual([
      { op: "disconnect", from: "ask", to: "yes", lead: "if", test: "x" },
      { op: "add", step, before: "yes", connect: { from: "ask", lead: "if", test: "x" } },
    ]);
  });

  it("that ends the run leads to that end", () => {
    expect(inserted(outline, arrow("ask", "stop", "otherwise"), wanted).changes).toEqual([
      { op: "disconnect", from: "ask", to: "stop", lead: "otherwise" },
      { op: "add", step: { ...step, ...then("stop") }, after: "ask", connect: { from: "ask", lead: "otherwise" } },
    ]);
  });

  it("that jumps goes on to where it led", () => {
    expect(inserted(outline, arrow("yes", "last"), wanted).changes).toEqual([
      { op: "disconnect", from: "yes", to: "last", lead: "then" },
      { op: "add", step: { ...step, ...then("last") }, after: "yes", connect: { from: "yes", lead: "then" } },
    ]);
  });

  it("from a trigger is a new first step", () => {
    const start = { ...arrow("trigger-1", "read"), route: null };
    expect(inserted(outline, start, wanted).changes).toEqual([{ op: "add", step, before: "read" }]);
  });
});

describe("a step for when another fails", () => {
  it("stands last among those for errors, and the one above does not run into it", () => {
    expect(addedAfter(outline, "read", wanted, { lead: "error", test: null }).changes).toEqual([
      { op: "add", step, lane: "errors", connect: { from: "read", lead: "error" } },
      { op: "disconnect", from: "tell", to: "new-one", lead: "then" },
    ]);
  });

  it("stays in its frame", () => {
    expect(addedAfter(outline, "one", wanted, { lead: "error", test: "auth" }).changes).toEqual([
      { op: "add", step, into: "each", connect: { from: "one", lead: "error", test: "auth" } },
      { op: "disconnect", from: "two", to: "new-one", lead: "then" },
    ]);
  });
});

describe("a step after another", () => {
  it("as a branch ends there, so that it does not run into the next branch", () => {
    expect(addedAfter(outline, "ask", wanted, { lead: "when", test: "late" }).changes).toEqual([
      {
        op: "add",
        step: { ...step, ...then("stop") },
        after: "ask",
        connect: { from: "ask", lead: "when", test: "late" },
      },
    ]);
  });

  it("can be the last of a frame or of all", () => {
    expect(addedLast(outline, "each", wanted).changes).toEqual([{ op: "add", step, into: "each" }]);
    expect(addedLast(outline, null, wanted).changes).toEqual([{ op: "add", step, lane: "main" }]);
  });
});

describe("another condition", () => {
  it("changes the route's line", () => {
    const changes = relabelled(outline, arrow("ask", "yes", "if", "x"), { lead: "if", test: "x > 2" });
    expect(changes).toEqual([{ op: "condition", node: "ask", route: 0, test: "x > 2", lead: "if" }]);
  });

  it("without a test is another route", () => {
    expect(relabelled(outline, arrow("ask", "yes", "if", "x"), { lead: "then", test: null })).toEqual([
      { op: "disconnect", from: "ask", to: "yes", lead: "if", test: "x" },
      { op: "connect", from: "ask", to: "yes", lead: "then" },
    ]);
  });

  it("that is the same changes nothing", () => {
    expect(relabelled(outline, arrow("ask", "yes", "if", "x"), { lead: "if", test: "x" })).toBeNull();
  });
});

describe("the name of a new step", () => {
  it.each([
    ["Read", { name: "Read 2", id: "read-2" }],
    ["Call it!", { name: "Call it!", id: "call-it" }],
    ["Stop", { name: "Stop 2", id: "stop-2" }],
    ["…", { name: "Step", id: "step" }],
  ])("%s", (name, free) => expect(freeName(outline, name)).toEqual(free));
});

describe("searching kinds", () => {
  const kinds = [
    { id: "http", title: "Call a web address", about: "", words: ["api", "fetch"] },
    { id: "slack.post", title: "Post to Slack", about: "", words: ["message"] },
    { id: "email.send", title: "Send an e-mail", about: "A message by mail", words: ["mail", "message"] },
  ] as Kind[];
  const ids = (typed: string) => searched(kinds, typed).map((kind) => kind.id);
  it("finds by title, id and words, the best first", () => {
    expect(ids("slack")).toEqual(["slack.post"]);
    expect(ids("send message")).toEqual(["email.send"]);
    expect(ids("mess")).toEqual(["slack.post", "email.send"]);
    expect(ids("fetch")).toEqual(["http"]);
    expect(ids("zebra")).toEqual([]);
    expect(ids(" ")).toHaveLength(3);
  });
});
