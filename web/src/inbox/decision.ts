/** What a person fills in to decide about a run, and the decision that it makes. Pure. */
import type { WhichVersion } from "./fields";
import type { Action, Decision } from "./types";
import { readJson, readOutputs } from "./values";

/** What was typed and chosen, whatever the action needs of it. */
export interface Filled {
  /** The path of the step to begin with. */
  from: string | typeof WHERE_IT_FAILED;
  version: WhichVersion;
  /** JSON: what steps are to have given, by path. */
  outputs: string;
  /** JSON: what the step is to have given. */
  output: string;
  reason: string;
}

/** No path of a step is like that. */
export const WHERE_IT_FAILED = "@failed";
export const NOTHING_FILLED: Filled = { from: WHERE_IT_FAILED, version: "same", outputs: "", output: "", reason: "" };

/** The decision, or what is still wrong with it. */
export function decisionOf(action: Action, filled: Filled): { decision: Decision } | { error: string } {
  const { from, version } = filled;
  switch (action) {
    case "retry": {
      const { value, error } = readOutputs(filled.outputs);
      if (error !== null) return { error };
      return { decision: { action, version, outputs: value, ...(from === WHERE_IT_FAILED ? {} : { from }) } };
    }
    case "answer": {
      const { value, error } = readJson(filled.output);
      return error === null ? { decision: { action, version, output: value } } : { error };
    }
    case "skip":
      return { decision: { action, version } };
    case "repeat":
      return { decision: { action } };
    case "discard": {
      const reason = filled.reason.trim();
      return reason ? { decision: { action, reason } } : { error: "Say why." };
    }
  }
}
