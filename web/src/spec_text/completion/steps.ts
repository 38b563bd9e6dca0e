import type { Reading, Step } from "@/document";

/** All steps of a reading, those inside others after their holder. */
export function stepsOf(reading: Reading | null): Step[] {
  const { steps = [], errors = [] } = reading?.spec ?? {};
  return [...steps, ...errors].flatMap(withInner);
}

function withInner(step: Step): Step[] {
  return [step, ...(step.steps ?? []).flatMap(withInner)];
}
