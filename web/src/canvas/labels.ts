/** What stands on an arrow, and what the leads of routes are called. */
import type { Lead } from "@/document/types";

/** The leads as the document writes them, in the order in which they are tried. */
export const LEADS: Record<Lead, { title: string; about: string; test: "needed" | "possible" | "none" }> = {
  if: { title: "If", about: "when a test holds", test: "needed" },
  when: { title: "When", about: "when the step ends with this outcome", test: "needed" },
  otherwise: { title: "Otherwise", about: "when no other way was taken", test: "none" },
  then: { title: "Then", about: "always", test: "none" },
  error: { title: "On error", about: "when the step has failed for good", test: "possible" },
  timeout: { title: "On timeout", about: "when the step took too long", test: "none" },
};

/** The words on an arrow; null for one that is always taken. */
export function edgeLabel(lead: Lead, test: string | null): string | null {
  if (lead === "then") return null;
  if (lead === "if" || lead === "when") return test ?? "";
  const { title } = LEADS[lead];
  return test ? `${title}: ${test}` : title;
}
