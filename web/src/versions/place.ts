/** Where the person is on the screen of versions, as its address says. Pure. */

export type Tab = "all" | "canary" | "shadow" | "live";
/** What can be looked at and compared: a version by its number, or the text that is being edited. */
export type Which = number | "draft";

export interface VersionsPlace {
  tab: Tab;
  /** Null: the newest. */
  chosen: Which | null;
  /** What it is compared with; null: nothing. */
  against: Which | null;
}

const TABS: readonly string[] = ["all", "canary", "shadow", "live"] satisfies Tab[];

/** The address of a place; what is left out is as at first. */
export function versionsPath(agentId: string, { tab, chosen, against }: Partial<VersionsPlace> = {}): string {
  const query = new URLSearchParams();
  if (tab && tab !== "all") query.set("tab", tab);
  if (chosen != null) query.set("version", String(chosen));
  if (against != null) query.set("against", String(against));
  return `/agents/${agentId}/versions${query.size ? `?${query}` : ""}`;
}

/** The place that an address' parameters say. What they cannot mean counts for nothing. */
export function placeOf(params: Readonly<Record<string, readonly string[]>>): VersionsPlace {
  const tab = params.tab?.[0] ?? "";
  return {
    tab: TABS.includes(tab) ? (tab as Tab) : "all",
    chosen: whichOf(params.version?.[0]),
    against: whichOf(params.against?.[0]),
  };
}

/** "draft", or the number of a version; null for anything else. */
export function whichOf(text: string | undefined): Which | null {
  if (text === "draft") return "draft";
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

/** As it is called: "The draft", "Version 3". */
export function nameOf(which: Which): string {
  return which === "draft" ? "The draft" : `Version ${which}`;
}

/** The same within a sentence. */
export function inSentence(which: Which): string {
  return which === "draft" ? "the draft" : `version ${which}`;
}
