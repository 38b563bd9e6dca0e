/** What a run's state means, in sentences for people. Pure. */
import { nameOf, type Outline } from "./outline";
import { nodeOf, segmentsOf } from "./paths";
import type { Wait } from "./types";

export interface Said {
  title: string;
  next_step: string | null;
}

const CAUSES: Record<string, Said> = {
  timed_out: {
    title: "The run took longer than its time limit.",
    next_step: "Raise “time per run” in the agent's limits, or find the step that takes long in the timeline.",
  },
  crash_loop: {
    title: "The worker stopped three times while it carried this run out.",
    next_step: "Look at the step that was under way last: it may need too much memory. The server's log says more.",
  },
  budget_exceeded: {
    title: "The run reached a limit that stops it.",
    next_step: "Raise the limit in the agent's settings, or make the run cheaper.",
  },
  undeliverable: {
    title: "The run could not be handed to a worker.",
    next_step: "Check that a worker is running, then run it again.",
  },
};

/** Why the run is listed as one that needs a person; null where the failure itself says all. */
export function causeWords(cause: string | null): Said | null {
  return cause === null ? null : (CAUSES[cause] ?? null);
}

const TRIGGERS: Record<string, string> = {
  manual: "By hand",
  schedule: "Schedule",
  webhook: "Webhook",
  poll: "New items",
  form: "Form",
  chat: "Chat",
  email: "E-mail",
  error: "Failed run",
  call: "Another agent",
};

/** What started a run, in a word or two. */
export function triggerWord(kind: unknown): string {
  return typeof kind === "string" ? (TRIGGERS[kind] ?? kind) : "By hand";
}

const RESOLUTIONS: Record<string, string> = {
  retried: "Retried",
  skipped: "Gone on without the step",
  answered: "Gone on with an output that was given",
  discarded: "Discarded",
  reported: "The run that had started it was told",
};

/** How a person dealt with a run that needed one. */
export function resolutionWord(resolution: string): string {
  return RESOLUTIONS[resolution] ?? resolution;
}

/** One thing that a run waits for. The time itself is shown beside it. */
export function waitWords({ kind, path }: Pick<Wait, "kind" | "path">, outline: Outline): Said {
  const step = path && stepWords(outline, path);
  switch (kind) {
    case "approval":
      return { title: `${step} waits for somebody to decide.`, next_step: null };
    case "callback":
      return { title: `${step} waits for an answer from outside.`, next_step: null };
    case "agent":
      return { title: `${step} waits for the run of another agent.`, next_step: null };
    case "time":
      return { title: `${step} rests; the run goes on by itself.`, next_step: null };
    case "retry":
      return { title: `${step} failed and is tried again.`, next_step: null };
    case "effect_uncertain":
      return {
        title: `It is not known whether ${step} was carried out before its worker stopped.`,
        next_step:
          "Plainwork does not repeat it by itself: doing it twice could do harm. See whether it was done, then decide.",
      };
    case "connection_expired":
      return {
        title: `The account of ${step} has to be connected anew.`,
        next_step: "Admins and owners do that under Secrets, Connections; then the run goes on by itself.",
      };
    case "agent_limit":
      return { title: "The agent has as many runs under way as it may: this one waits its turn.", next_step: null };
    case "workspace_limit":
      return { title: "The workspace has as many runs under way as it may: this one waits its turn.", next_step: null };
  }
}

/** A step in a sentence: “Fetch the page” (item 3). */
export function stepWords(outline: Outline, path: string): string {
  const turns = segmentsOf(path).filter(({ turn }) => turn !== null);
  const items = turns.map(({ id, turn }) => {
    const isRepeat = outline.get(id)?.node.type.startsWith("repeat");
    return `${isRepeat ? "round" : "item"} ${(turn ?? 0) + 1}`;
  });
  const name = `“${nameOf(outline, nodeOf(path))}”`;
  return items.length ? `${name} (${items.join(", ")})` : name;
}

const FAILURES: Record<string, string> = {
  retry: "This kind of failure is often over soon, so it can be tried again.",
  auth: "The other side refused the account.",
  rejected: "It would fail again in the same way.",
  timeout: "Time was up.",
  budget: "A limit was reached.",
};

/** What a kind of failure means. */
export function failureWord(kind: string): string {
  return FAILURES[kind] ?? `Kind of failure: ${kind}.`;
}
