import { describe, expect, it } from "vitest";
import { anewHref, bindingWords, freeName, limitWords, offeredName, readHosts } from "@/secrets/words";

const names = new Map([
  ["a", "Morning digest"],
  ["b", "Triage"],
]);
const unbound = { connector: null, hosts: null, agents: null };

describe("what a secret is bound to", () => {
  it("says nothing where nothing is", () => {
    expect(bindingWords(unbound, names)).toEqual([]);
  });

  it("names the connector, the hosts and the agents", () => {
    const bound = { connector: "google-sheets", hosts: ["a.example", "*.b.example"], agents: ["a", "b"] };
    expect(bindingWords(bound, names)).toEqual([
      "only for Google Sheets",
      "only to a.example, *.b.example",
      "only by Morning digest, Triage",
    ]);
  });

  it("counts agents that it has no name for, and tells none from all", () => {
    expect(bindingWords({ ...unbound, agents: ["a", "x", "y"] }, names)).toEqual([
      "only by Morning digest, 2 other agents",
    ]);
    expect(bindingWords({ ...unbound, agents: ["x"] }, undefined)).toEqual(["only by 1 agent"]);
    expect(bindingWords({ ...unbound, agents: [], hosts: [] }, names)).toEqual(["to no host", "by no agent"]);
  });
});

describe("limits", () => {
  it("are told apart, in the singular too", () => {
    expect(limitWords({ at_once: null, per_minute: null, in_use: 0 })).toBeNull();
    expect(limitWords({ at_once: 1, per_minute: null, in_use: 1 })).toBe("1 step at once (1 now)");
    expect(limitWords({ at_once: 2, per_minute: 1, in_use: 0 })).toBe("2 steps at once (0 now), 1 use a minute");
  });
});

describe("what is typed", () => {
  it("gives hosts however they are parted, and none for none", () => {
    expect(readHosts(" a.example,b.example\n*.c.example ")).toEqual(["a.example", "b.example", "*.c.example"]);
    expect(readHosts(" , ")).toBeNull();
  });

  it("is offered a name that is free", () => {
    expect(offeredName("google-sheets")).toBe("GOOGLE_SHEETS");
    expect(freeName("Slack app", new Set(["Slack app", "Slack app 2"]))).toBe("Slack app 3");
    expect(freeName("Slack app", new Set())).toBe("Slack app");
  });
});

it("leads to a connection whatever it is called", () => {
  expect(anewHref("Team & co")).toBe("/workspace/secrets?connect=Team%20%26%20co");
});
