import { describe, expect, it } from "vitest";
import { matching } from "@/agents/filter";
import type { AgentSummary } from "@/agents/queries";

const agent = (name: string, more: Partial<AgentSummary> = {}): AgentSummary => ({
  id: name,
  slug: name.toLowerCase(),
  name,
  about: "",
  tags: [],
  live_version: 1,
  live_version_id: null,
  last_version: 1,
  paused_at: null,
  created_by: null,
  created_at: "2026-11-23T00:00:00Z",
  updated_at: "2026-11-23T00:00:00Z",
  starts: "by hand",
  last_runs: [],
  next_run_at: null,
  cost_month_usd: 0,
  cost_today_usd: 0,
  cost_per_day_usd: null,
  has_draft: false,
  ...more,
});

const AGENTS = [
  agent("Digest", { about: "Reads Reddit", starts: "every weekday at 07:30" }),
  agent("Triage", { tags: ["support"], starts: "webhook /support" }),
];

describe("matching", () => {
  it.each([
    ["", ["Digest", "Triage"]],
    ["  ", ["Digest", "Triage"]],
    ["REDDIT", ["Digest"]],
    ["weekday digest", ["Digest"]],
    ["support", ["Triage"]],
    ["reddit support", []],
  ])("%j finds %j", (words, names) => expect(matching(AGENTS, words).map(({ name }) => name)).toEqual(names));
});
