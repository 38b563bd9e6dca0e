/** What a shadow replay found, in words. Pure. */
import type { Schemas } from "@/client";
import { formatUsd } from "@/ui/money";
import type { Tone } from "@/ui/status";
import type { ShadowReport, ShadowRun } from "./queries";

export type Verdict = ShadowRun["verdict"];

export const VERDICTS: Record<Verdict, { word: string; tone: Tone }> = {
  same: { word: "Same", tone: "good" },
  different: { word: "Different", tone: "warn" },
  failed: { word: "Would fail", tone: "bad" },
};

const WHATS: Record<Schemas["StepDifference"]["what"], string> = {
  added: "New step",
  gone: "No longer taken",
  request: "Asks for something else",
  made_up: "Answer made up",
  output: "Gives something else",
  ending: "Ends in another way",
};

export function whatWord(what: Schemas["StepDifference"]["what"]): string {
  return WHATS[what];
}

/** All runs together, in a sentence or two. */
export function reportWords({ runs, same, different, failed, not_reached }: ShadowReport): string {
  const all = runs.length;
  if (all === 0) return "No past run is like that.";
  const rest = not_reached.length > 0 ? ` For ${not_reached.length} more there was no time.` : "";
  const parts = [
    { count: same, words: "come to the same" },
    { count: different, words: "come to something else" },
    { count: failed, words: "fail" },
  ].filter(({ count }) => count > 0);
  const [only] = parts;
  if (only?.count === all) return `${all === 1 ? "The run" : `All ${all} runs`} would ${only.words}.${rest}`;
  return `Of ${all} runs, ${parts.map(({ count, words }) => `${count} would ${words}`).join(", ")}.${rest}`;
}

/** What of a run as a whole is not as it was. */
export function runWords({ reason, status, cost_usd, differences, more }: ShadowRun): string {
  if (reason) return reason;
  const steps = differences.length + more;
  return [
    status && `It ${ended(status.before)}, and would have ${ended(status.after)}.`,
    steps > 0 && (steps === 1 ? "One step is not as it was." : `${steps} steps are not as they were.`),
    cost_usd && `Its model calls: ${usd(cost_usd.before)} instead of ${usd(cost_usd.after)}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

function ended(status: unknown): string {
  return typeof status === "string" ? status : "ended in another way";
}

function usd(amount: unknown): string {
  return typeof amount === "number" ? formatUsd(amount) : "an unknown amount";
}
