/** What stands in the inbox, in words for people. Pure. */
import type { Action, Approval, Cause, DecidedOrNot } from "./types";

export const CAUSE_WORDS: Record<Cause, string> = {
  effect_uncertain: "Not known whether it acted",
  connection_expired: "An account has to be connected anew",
  step_failed: "A step failed",
  timed_out: "Time was up",
  budget_exceeded: "A limit was reached",
  crash_loop: "Workers were lost",
  undeliverable: "Could not begin",
};

/** Why a run needs a person, in a few words. A cause that is new to this page shows its own name. */
export function causeWord(cause: string | null): string {
  return cause === null ? "" : (CAUSE_WORDS[cause as Cause] ?? cause);
}

/** What can be decided about a run, as buttons say it. */
export const ACTION_WORDS: Record<Action, string> = {
  retry: "Retry",
  repeat: "Do it again",
  skip: "Skip the step",
  answer: "Give its output",
  discard: "Discard",
};

const ROLES_FROM: Record<string, string> = {
  owner: "An owner decides",
  admin: "An admin or owner decides",
  editor: "An editor, admin or owner decides",
  runner: "Everybody but viewers decides",
  viewer: "Anybody in the workspace decides",
};

/** Who may decide what is asked. */
export function deciders({ who, not_author }: Pick<Approval, "who" | "not_author">): string {
  const people = typeof who === "string" ? (ROLES_FROM[who] ?? `The role ${who} decides`) : named(who);
  return not_author ? `${people}; not whoever wrote this version or started the run.` : `${people}.`;
}

function named(emails: readonly string[]): string {
  const last = emails.at(-1) ?? "nobody";
  return emails.length > 1 ? `${emails.slice(0, -1).join(", ")} or ${last} decides` : `${last} decides`;
}

/** How a closed question ended. */
export const STATE_WORDS: Record<Exclude<Approval["state"], "open">, string> = {
  approved: "Approved",
  rejected: "Rejected",
  timed_out: "Nobody decided in time",
  closed: "The run was over first",
};

const DID: Record<NonNullable<DecidedOrNot["did"]>, string> = {
  retried: "retried",
  skipped: "gone on without the step",
  answered: "gone on with the output",
  repeated: "gone on",
  discarded: "discarded",
};

/** What became of a decision: "3 runs retried." */
export function outcomeWords(did: NonNullable<DecidedOrNot["did"]>, count: number): string {
  return `${runs(count)} ${DID[did]}.`;
}

/** "1 run", "1,200 runs". */
export function runs(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "run" : "runs"}`;
}

/** The reasons why some of many were not decided about, the commonest first. */
export function refusals(results: readonly DecidedOrNot[]): { message: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { problem } of results) if (problem) counts.set(problem.detail, (counts.get(problem.detail) ?? 0) + 1);
  return [...counts].map(([message, count]) => ({ message, count })).sort((a, b) => b.count - a.count);
}
