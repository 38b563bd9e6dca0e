/** What keeps a version from going live. Pure. */
import type { Schemas } from "@/client";
import { asProblem } from "@/client/problem";

type Finding = Schemas["Finding"];

/** Owners and admins may let these be; anything else is an error of the document, which nobody may. */
const FORGIVABLE = new Set(["example-failed", "secret-missing", "secret-not-bound"]);

/** What is not met, where that is why it was refused; null for any other problem. */
export function unmetOf(problem: unknown): readonly Finding[] | null {
  const { code, findings } = asProblem(problem);
  return problem !== null && code === "NotReady" ? findings : null;
}

/** Whether such a version may go live all the same, with a reason. */
export function isOverridable(unmet: readonly Finding[]): boolean {
  return unmet.every(({ code }) => FORGIVABLE.has(code));
}
