/** The document as a file on the person's disk. */

/** `Daily digest!` → `daily-digest.md`. */
export function fileName(title: string): string {
  const name = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-+|-+$/g, "");
  return `${name || "agent"}.md`;
}
