/** The words of the API that the screens of runs use. */
import type { Schemas } from "@/client";

export type Run = Schemas["Run"];
export type RunStatus = Run["status"];
export type RunDetail = Schemas["RunDetail"];
export type RunStep = Schemas["RunStep"];
export type RunEvent = Schemas["Event"];
export type Wait = Schemas["Waiting"];
export type StepDetail = Schemas["StepDetail"];
export type ModelCall = Schemas["ModelCall"];

/** Why a step or a run failed, as the engine records it. */
export interface RunFailure {
  kind: string;
  message: string;
  next_step?: string | null;
  /** The step it began in. */
  path?: string | null;
}

/** How a step stands: as the journal says it, and `running` while it is under way. */
export type StepStatus = "running" | "waiting" | "succeeded" | "failed" | "skipped";

/** Whether nothing will happen in a run of this status any more. */
export function isOver(status: RunStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** A failure as it stands in JSON; null for what is none. */
export function failureOf(value: unknown): RunFailure | null {
  if (typeof value !== "object" || value === null) return null;
  const { kind, message } = value as Partial<RunFailure>;
  return typeof kind === "string" && typeof message === "string" ? (value as RunFailure) : null;
}
