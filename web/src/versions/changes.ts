/** What changed from one text to another, step by step. Pure. */
import type { Schemas } from "@/client";
import type { Tone } from "@/ui/status";

type Diff = Schemas["Diff"];

/** One step that came, went, or is not as it was. */
export interface ChangedStep {
  id: string;
  name: string;
  how: "new" | "gone" | "changed" | "moved";
  /** The kind of a step that came or went. */
  uses: string | null;
  settings: ChangedSetting[];
}

/** `before` or `after` null: it was not set, it is no longer. */
export interface ChangedSetting {
  name: string;
  before: string | null;
  after: string | null;
}

export const HOWS: Record<ChangedStep["how"], { word: string; tone: Tone }> = {
  new: { word: "New", tone: "good" },
  gone: { word: "Gone", tone: "bad" },
  changed: { word: "Changed", tone: "warn" },
  moved: { word: "Moved", tone: "idle" },
};

/** The steps that differ: first those that are not as they were, then those that came, then those that went. */
export function changedSteps({ added = [], removed = [], changed = [] }: Diff): ChangedStep[] {
  return [
    ...changed.map(({ id, name, fields = [] }): ChangedStep => {
      return { id, name, uses: null, how: fields.length > 0 ? "changed" : "moved", settings: fields.map(settingOf) };
    }),
    ...added.map(({ id, name, uses }): ChangedStep => ({ id, name, uses, how: "new", settings: [] })),
    ...removed.map(({ id, name, uses }): ChangedStep => ({ id, name, uses, how: "gone", settings: [] })),
  ];
}

/** Whether two texts are the same agent, whatever their wording. */
export function isSameAgent({ summary = [] }: Diff): boolean {
  return summary.length === 0;
}

function settingOf({ field, ...change }: Schemas["Change"]): ChangedSetting {
  const name = field.replace(/^with\./, "").replaceAll("_", " ");
  return { name, before: valueOf(change, "before"), after: valueOf(change, "after") };
}

function valueOf(change: { before?: unknown; after?: unknown }, side: "before" | "after"): string | null {
  if (!(side in change)) return null;
  const value = change[side];
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}
