/** Findings in the words of the bar below the editor. Pure. */
import type { Finding } from "@/document";

/** "2 errors and 1 warning"; null when there is nothing to say. */
export function countWords(findings: readonly Finding[]): string | null {
  const errors = findings.filter(isError).length;
  const parts = [many(errors, "error"), many(findings.length - errors, "warning")].filter(Boolean);
  return parts.length ? parts.join(" and ") : null;
}

export function isError(finding: Finding): boolean {
  return finding.severity !== "warning";
}

/** Errors first, else as they stand in the text. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const line = (one: Finding) => one.line ?? Number.MAX_SAFE_INTEGER;
  return findings.toSorted((a, b) => Number(isError(b)) - Number(isError(a)) || line(a) - line(b));
}

function many(count: number, word: string): string {
  if (count === 0) return "";
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
