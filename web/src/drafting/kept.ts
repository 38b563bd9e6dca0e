/** What was asked for, kept in this tab so that a reload, a sign-in or a wrong turn never loses the sentence. */
import type { Answer } from "./stream";

export interface Kept {
  english: string;
  model: string | null;
  answers: Answer[];
}

const KEY = "plainwork.new_agent";
export const NOTHING_KEPT: Kept = { english: "", model: null, answers: [] };

type Box = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** What was kept; nothing where the browser keeps nothing, or something else lies there. */
export function recall(box: Box | null = boxOf()): Kept {
  try {
    const found: unknown = JSON.parse(box?.getItem(KEY) ?? "null");
    return isKept(found) ? found : NOTHING_KEPT;
  } catch {
    return NOTHING_KEPT;
  }
}

export function keep(kept: Kept, box: Box | null = boxOf()): void {
  try {
    if (kept.english === "" && !kept.answers.length) box?.removeItem(KEY);
    else box?.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing still drafts.
  }
}

export const forget = () => keep(NOTHING_KEPT);

function boxOf(): Box | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

function isKept(found: unknown): found is Kept {
  if (typeof found !== "object" || found === null) return false;
  const { english, model, answers } = found as Record<string, unknown>;
  return (
    typeof english === "string" &&
    (model === null || typeof model === "string") &&
    Array.isArray(answers) &&
    answers.every((one) => typeof one?.question === "string" && typeof one?.answer === "string")
  );
}
