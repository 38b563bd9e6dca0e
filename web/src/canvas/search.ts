/** Finding a step kind by what people call it. Pure. */
import type { Kind } from "@/document/types";

const SCORES = { title: 6, titleWord: 5, id: 5, word: 4, wordStart: 3, inTitle: 2, about: 1 };

/** The kinds that every typed word says something about, the best first; all of them when nothing is typed. */
export function searched(kinds: readonly Kind[], typed: string): Kind[] {
  const sought = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return kinds
    .map((kind) => ({ kind, score: total(sought.map((word) => scoreOf(kind, word))) }))
    .filter(({ score }) => score > 0 || sought.length === 0)
    .sort((a, b) => b.score - a.score)
    .map(({ kind }) => kind);
}

function total(scores: number[]): number {
  return scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0);
}

function scoreOf(kind: Kind, word: string): number {
  const title = kind.title.toLowerCase();
  if (title.startsWith(word)) return SCORES.title;
  if (title.split(/\W+/).some((part) => part.startsWith(word))) return SCORES.titleWord;
  if (kind.id.split(/[.\-_]/).some((part) => part.startsWith(word))) return SCORES.id;
  const words = kind.words ?? [];
  if (words.includes(word)) return SCORES.word;
  if (words.some((one) => one.startsWith(word))) return SCORES.wordStart;
  if (title.includes(word)) return SCORES.inTitle;
  return kind.about.toLowerCase().includes(word) ? SCORES.about : 0;
}
