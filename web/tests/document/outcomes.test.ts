import { describe, expect, it } from "vitest";
import { outcomesOf } from "@/document/outcomes";
import type { Kind } from "@/document/types";

const kind = (more: Partial<Kind>) => ({ id: "any", ...more }) as Kind;

describe("outcomesOf", () => {
  it("names those that the kind always has", () => {
    expect(outcomesOf(kind({ outcomes: ["approved", "rejected"] }), {})).toEqual(["approved", "rejected"]);
  });

  it("names those that the settings list, as a list or as keys", () => {
    const switching = kind({ outcomes_from: "labels" });
    expect(outcomesOf(switching, { labels: ["urgent", 7] })).toEqual(["urgent", "7"]);
    expect(outcomesOf(switching, { labels: { urgent: "now", later: "" } })).toEqual(["urgent", "later"]);
  });

  it("names none where there are none", () => {
    expect(outcomesOf(undefined, {})).toEqual([]);
    expect(outcomesOf(kind({ outcomes_from: "labels" }), { labels: "{{ inputs.labels }}" })).toEqual([]);
  });
});
