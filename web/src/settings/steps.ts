/** Steps of a spec by their id. */
import type { Spec, Step } from "@/document";

/** A step of the document, also one inside a loop or among those for when things go wrong. */
export function findStep(spec: Spec, id: string): Step | null {
  return within([...(spec.steps ?? []), ...(spec.errors ?? [])], id);
}

function within(steps: readonly Step[], id: string): Step | null {
  for (const step of steps) {
    const found = step.id === id ? step : within(step.steps ?? [], id);
    if (found) return found;
  }
  return null;
}
