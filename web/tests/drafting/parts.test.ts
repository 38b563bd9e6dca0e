import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { answersToSend, isAnswered } from "@/drafting/answers";
import { EXAMPLES } from "@/drafting/examples";
import { keep, NOTHING_KEPT, recall } from "@/drafting/kept";
import { kindsById } from "@/document";
import { accountsOf, needsOf } from "@/drafting/needed";
import { pace } from "@/drafting/pace";

describe("the pace", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("shows every text in order, one after the other, within a second", async () => {
    const shown: string[] = [];
    const paced = pace((text) => shown.push(text));
    const texts = Array.from({ length: 40 }, (_, i) => `text ${i}`);
    for (const text of texts) paced.add(text);
    expect(shown).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(shown).toEqual(["text 0"]);
    let isDone = false;
    void paced.done().then(() => (isDone = true));
    await vi.advanceTimersByTimeAsync(200);
    expect(shown.length).toBeGreaterThan(3);
    expect(isDone).toBe(false);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(shown).toEqual(texts);
    expect(isDone).toBe(true);
  });

  it("waits for nothing when nothing is there", async () => {
    await pace(() => undefined).done();
  });

  it("stops at once, and nobody waits for it any more", async () => {
    const shown: string[] = [];
    const paced = pace((text) => shown.push(text));
    paced.add("a");
    paced.add("b");
    const done = paced.done();
    paced.stop();
    await done;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(shown).toEqual([]);
  });

  it("keeps nobody waiting who wants no motion", () => {
    const shown: string[] = [];
    const paced = pace((text) => shown.push(text), true);
    paced.add("a");
    paced.add("b");
    expect(shown).toEqual(["a", "b"]);
  });
});

describe("answers", () => {
  const questions = [{ text: "When?", default: "09:00", differs: "The schedule." }];

  it("adds new answers to those of earlier rounds, in place of older ones", () => {
    const earlier = [
      { question: "When?", answer: "08:00" },
      { question: "Where?", answer: "Slack" },
    ];
    expect(answersToSend(earlier, { "When?": " 7:30 ", "How?": "  " })).toEqual([
      { question: "Where?", answer: "Slack" },
      { question: "When?", answer: "7:30" },
    ]);
  });

  it("never sends more than the server takes", () => {
    const typed = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`Question ${i}`, "yes"]));
    expect(answersToSend([], typed)).toHaveLength(20);
  });

  it("knows whether there is anything to send", () => {
    expect(isAnswered(questions, {})).toBe(false);
    expect(isAnswered(questions, { "When?": "  ", "Other?": "x" })).toBe(false);
    expect(isAnswered(questions, { "When?": "7:30" })).toBe(true);
  });
});

describe("what is kept of the question", () => {
  function box(): Storage {
    const items = new Map<string, string>();
    return {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
      clear: () => items.clear(),
      key: (index: number) => [...items.keys()][index] ?? null,
      get length() {
        return items.size;
      },
    };
  }

  it("comes back as it was", () => {
    const tab = box();
    const asked = { english: "Mail me", model: "openai:x", answers: [{ question: "When?", answer: "7:30" }] };
    keep(asked, tab);
    expect(recall(tab)).toEqual(asked);
    keep(NOTHING_KEPT, tab);
    expect(tab.length).toBe(0);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '{"english":3}',
    '{"english":"x","model":1,"answers":[]}',
    '{"english":"x","model":null,"answers":[null]}',
  ])("is nothing where something else lies: %s", (lying) => {
    const tab = box();
    tab.setItem("plainwork.new_agent", lying);
    expect(recall(tab)).toEqual(NOTHING_KEPT);
  });

  it("does without a browser that keeps things", () => {
    const full = {
      ...box(),
      setItem: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
    };
    expect(() => keep({ ...NOTHING_KEPT, english: "x" }, full)).not.toThrow();
    expect(recall(null)).toEqual(NOTHING_KEPT);
  });
});

describe("needs", () => {
  it("names each account once, with its kind where a step says it", () => {
    const needs = [
      { step: "a", title: "A", account: "SLACK" },
      { step: "b", title: "B", account: "SLACK", account_kind: "slack" },
      { step: "c", title: "C", hosts: ["example.org"] },
      { step: "d", title: "D", account: "KEY" },
    ];
    expect(accountsOf(needs)).toEqual([
      { name: "SLACK", kind: "slack" },
      { name: "KEY", kind: "" },
    ]);
  });
});

it("finds the accounts of a flow, inside loops too", () => {
  const kinds = kindsById([{ id: "slack.post", title: "Post", account: "slack" } as never]);
  const inner = { nodes: [{ id: "tell", name: "Tell them", type: "slack.post@1", account: "SLACK" }] };
  const nodes = [
    { id: "each", type: "foreach@1", config: { flow: inner } },
    { id: "get", type: "http@1", account: "KEY" },
    { id: "set", type: "set@1" },
  ];
  expect(needsOf({ nodes }, kinds)).toEqual([
    { step: "tell", title: "Tell them", account: "SLACK", account_kind: "slack" },
    { step: "get", title: "get", account: "KEY", account_kind: null },
  ]);
});

it("shows examples that differ", () => {
  expect(new Set(EXAMPLES.map(({ english }) => english)).size).toBe(EXAMPLES.length);
});
