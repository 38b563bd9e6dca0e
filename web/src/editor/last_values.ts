/** What a run gave, by step: shown where values are picked. Pure. */
import type { RunView } from "@/runs";
import type { LastValues } from "@/settings";

/** The newest output of each step; of a step in a loop that of the last round. Null when nothing is known. */
export function lastValuesOf({ run, steps }: Pick<RunView, "run" | "steps">): LastValues | null {
  if (!run) return null;
  const values: Record<string, unknown> = {};
  for (const { node, attempts } of steps.values()) {
    const output = attempts.findLast((one) => one.status === "succeeded")?.output;
    if (output !== undefined && output !== null) values[node] = output;
  }
  return { steps: values, inputs: run.inputs, trigger: run.trigger };
}
