/** What can go wrong with a call, as one error that screens can show: what happened, and what to do. */
import type { components } from "./schema";

type Finding = components["schemas"]["Finding"];
type Told = Partial<components["schemas"]["Problem"]>;

/** A call that was refused or did not get through. `status` is 0 when no server answered. */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly next_step: string | null = null,
    readonly findings: Finding[] = [],
  ) {
    super(message);
  }

  /** The server could not be reached, or what stands before it could not reach it. */
  get isUnreachable(): boolean {
    return this.code === UNREACHABLE;
  }
}

/** The data of an answer. Throws Problem when there was none. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const answer = await call.catch((why: unknown) => {
    throw asProblem(why);
  });
  if (answer.response.ok) return answer.data as T;
  throw problemOf(answer.response.status, answer.error);
}

/** The Problem that an answer's body says, or one made of its status when it is none of ours. */
export function problemOf(status: number, body: unknown): Problem {
  const told: Told = typeof body === "object" && body !== null ? body : {};
  if (told.detail)
    return new Problem(told.detail, status, told.code ?? "", forPeople(told.next_step), told.findings ?? []);
  if (status >= 500) return new Problem(`Plainwork could not be reached (${status}).`, status, UNREACHABLE, TRY_AGAIN);
  return new Problem(
    `The server refused this with status ${status}.`,
    status,
    "Refused",
    "Reload the page and try again.",
  );
}

/** What people do where the server tells programs to call an address of the API. */
const INSTEAD: [RegExp, string][] = [
  [/\/live\b/, "Open the agent and make a version live."],
  [/\bcsrf_token\b/, "Reload the page and try again."],
  [/POST \/api\/v1\/session\b/, "Sign in and try again."],
  [/GET \/api\/v1\/runs\b/, "Look for it among the runs."],
  [/PUT \/api\/v1\/secrets\//, "Replace its value, and say there where it may go."],
  [/\/connections\//, "Remove it under Connections."],
  [/\/secrets\b|\/connections\b/, "See what there is under Secrets."],
  [/\/kinds\b/, "Choose a step from the palette: it lists every kind."],
];

/** The next step as people can take it; null where only programs can. */
function forPeople(step: string | undefined): string | null {
  if (!step?.includes("/api/v1/")) return step ?? null;
  return INSTEAD.find(([pattern]) => pattern.test(step))?.[1] ?? null;
}

/** Whatever was caught, as a Problem. Aborted calls and bugs of the page become one too. */
export function asProblem(why: unknown): Problem {
  if (why instanceof Problem) return why;
  if (isAbort(why)) return new Problem("That was cancelled.", 0, "Cancelled");
  if (why instanceof TypeError && /fetch|network|load failed/i.test(why.message)) {
    return new Problem("Plainwork cannot be reached.", 0, UNREACHABLE, TRY_AGAIN);
  }
  if (why instanceof Error) {
    const next = (why as { next_step?: unknown }).next_step;
    return new Problem(why.message, 0, why.name, typeof next === "string" ? next : null);
  }
  return new Problem(String(why), 0, "Unknown");
}

/** Whether a call was given up on purpose. */
export function isAbort(why: unknown): boolean {
  return why instanceof DOMException && why.name === "AbortError";
}

const UNREACHABLE = "Unreachable";
const TRY_AGAIN = "Check that the server runs and that you are connected. It is tried again by itself.";
