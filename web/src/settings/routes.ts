/** The routes of a step, as its settings change them. Pure. */
import type { Step } from "@/document";

export type Route = NonNullable<Step["routes"]>[number];

export const LEADS: Record<Route["lead"], string> = {
  then: "Then",
  if: "If",
  when: "When the outcome is",
  otherwise: "Otherwise",
  error: "When it fails",
  timeout: "When its time is up",
};

/** A further route: what is most likely missing. */
export function newRoute(routes: readonly Route[], target: string): Route {
  const leads = new Set(routes.map((one) => one.lead));
  if (leads.has("if") && !leads.has("otherwise")) return { lead: "otherwise", to: ["stop"] };
  if (leads.has("then") && !leads.has("error")) return { lead: "error", to: ["stop"] };
  return { lead: "then", to: [target] };
}

/** The same route under another lead, with a test where that needs one. */
export function withLead({ lead: _, test, ...route }: Route, lead: Route["lead"], labels: string[]): Route {
  if (lead === "if") return { ...route, lead, test: test ?? "true" };
  if (lead === "when") return { ...route, lead, test: test ?? labels[0] ?? "yes" };
  return { ...route, lead };
}
