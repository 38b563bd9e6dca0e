import { describe, expect, it } from "vitest";
import type { Schemas } from "@/client";
import { auditQueryOf, NO_AUDIT_FILTERS } from "@/workspace/audit_queries";
import { actionWords, actorWords, detailWords, targetHref, targetWords } from "@/workspace/audit_words";

function entry(part: Partial<Schemas["AuditEntry"]>): Schemas["AuditEntry"] {
  return {
    seq: 1,
    at: "2026-03-01T08:30:00Z",
    actor_kind: "user",
    actor_id: "u1",
    address: null,
    action: "agent.created",
    target_kind: "agent",
    target_id: "a1",
    detail: {},
    prev_hash: "",
    hash: "",
    ...part,
  };
}

describe("what is asked of the log", () => {
  it("asks for everything without filters", () => expect(auditQueryOf(NO_AUDIT_FILTERS)).toEqual({}));

  it("takes days as those of the person's zone, the last one included", () => {
    const query = auditQueryOf({ action: "member.", person: "u1", from: "2026-02-27", to: "2026-02-28" });
    expect(query).toMatchObject({ action: "member.", actor: "user:u1" });
    expect(query.since).toBe(new Date(2026, 1, 27).toISOString());
    expect(query.until).toBe(new Date(2026, 2, 1).toISOString());
  });
});

describe("entries in words", () => {
  it.each([
    ["member.role_changed", "Member role changed"],
    ["api_key.created", "API key created"],
    ["agent.live", "Version made live"],
    ["restored", "Restored"],
  ])("%s", (action, words) => expect(actionWords(action)).toBe(words));

  it("names people, keys and the server", () => {
    const names = new Map([["u1", "Ada"]]);
    expect(actorWords(entry({}), names)).toBe("Ada");
    expect(actorWords(entry({ actor_id: "u2" }), names)).toBe("Somebody who has left");
    expect(actorWords(entry({ actor_kind: "api_key", actor_id: "0192aaaabbbb" }), names)).toBe("API key 0192aaaa");
    expect(actorWords(entry({ actor_kind: "system" }), names)).toBe("Plainwork");
  });

  it("names what it was done to", () => {
    const names = new Map([["a1", "Morning digest"]]);
    expect(targetWords(entry({}), names)).toBe("Morning digest");
    expect(targetWords(entry({ detail: { name: "As it was called then" } }), names)).toBe("As it was called then");
    expect(targetWords(entry({ target_kind: "secret", target_id: "openai" }), names)).toBe("openai");
    expect(targetWords(entry({ target_kind: "run", target_id: "r1" }), names)).toBe("");
  });

  it("tells what else belongs to it, as people read it, and where it is", () => {
    expect(detailWords({ email: "ada@example.org", invited_by: "", scopes: ["a", "b"], runs: [], count: 0 })).toBe(
      "scopes a and b, count 0",
    );
    expect(detailWords({ number: 3, content_hash: "0123456789abcdef".repeat(4) })).toBe(
      "version 3, content hash 0123456789ab…",
    );
    expect(detailWords({ last_at: "2026-11-23T13:58:52.603+00:00" })).toMatch(/^last at \w{3}, 23 Nov 2026, /);
    expect(detailWords({ was: { days: 30 }, map: {} })).toBe('was {"days":30}');
    expect(targetHref(entry({}))).toBe("/agents/a1");
    expect(targetHref(entry({ target_kind: "user" }))).toBeNull();
  });
});
