import type { Tone } from "@/ui/status";
import type { LineKind } from "./queries";

/** What the kinds of lines are called, and how they look. */
export const KIND_LOOKS: Record<LineKind, { word: string; tone: Tone }> = {
  run_failed: { word: "Run failed", tone: "bad" },
  step_failed: { word: "Step failed", tone: "warn" },
  printed: { word: "Printed", tone: "idle" },
};
