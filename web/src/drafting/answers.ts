/** The answers that a person has given so far, and those that they are typing. */
import type { Answer, Draft } from "./stream";

export type Question = NonNullable<Draft["questions"]>[number];

/** What is typed under each question; a question that has nothing keeps the draft's own answer. */
export type Typed = Readonly<Record<string, string>>;

/** The answers to send: those of earlier rounds, and the new ones in place of older ones to the same question. */
export function answersToSend(earlier: readonly Answer[], typed: Typed): Answer[] {
  const fresh = Object.entries(typed)
    .map(([question, answer]) => ({ question, answer: answer.trim() }))
    .filter(({ answer }) => answer !== "");
  const renewed = new Set(fresh.map(({ question }) => question));
  return [...earlier.filter(({ question }) => !renewed.has(question)), ...fresh].slice(-MOST_ANSWERS);
}

/** Whether sending would change anything. */
export function isAnswered(questions: readonly Question[], typed: Typed): boolean {
  return questions.some(({ text }) => (typed[text] ?? "").trim() !== "");
}

/** How many the server takes. */
const MOST_ANSWERS = 20;
