/** The names that a step can end under, for routes that begin with "When". Pure. */
import type { Kind } from "./types";

/** Those that its kind always has, then those that its settings list. */
export function outcomesOf(kind: Kind | undefined, config: Readonly<Record<string, unknown>>): string[] {
  const listed = kind?.outcomes_from ? config[kind.outcomes_from] : null;
  return [...(kind?.outcomes ?? []), ...namesIn(listed)];
}

function namesIn(listed: unknown): string[] {
  if (Array.isArray(listed)) return listed.map(String);
  return typeof listed === "object" && listed !== null ? Object.keys(listed) : [];
}
