/** Which parts of a line are what was searched for. Pure. */

export interface Part {
  text: string;
  isMarked: boolean;
}

const TERM = /(-?)"([^"]*)"?|(\S+)/g;
const WORDS = /[\p{L}\p{N}]+/gu;

/** The words and phrases that a search asks for, each phrase as its words; what it leaves out and `or` are none. */
export function termsOf(search: string): string[][] {
  const terms: string[][] = [];
  for (const [, minus, phrase, word] of search.matchAll(TERM)) {
    if (minus || word?.startsWith("-") || word?.toLowerCase() === "or") continue;
    const words = (phrase ?? word ?? "").match(WORDS);
    if (words) terms.push([...words]);
  }
  return terms;
}

/** The text in parts, in order: those that a term stands in as whole words, whatever its case, and the rest. */
export function partsOf(text: string, terms: readonly (readonly string[])[]): Part[] {
  if (terms.length === 0) return [{ text, isMarked: false }];
  const any = terms.map((words) => words.join("[^\\p{L}\\p{N}]+")).join("|");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${any})(?![\\p{L}\\p{N}])`, "giu");
  return text
    .split(pattern)
    .map((part, i) => ({ text: part, isMarked: i % 2 === 1 }))
    .filter((part) => part.text !== "");
}
