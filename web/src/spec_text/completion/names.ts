/** Names as the server makes them: a step's id in expressions. */

const WORDS = new Set(["and", "or", "not", "in", "is", "if", "else", "for", "True", "False", "None", "lambda"]);

/** `fetch-the-top-posts` → `fetch_the_top_posts`, `2nd-try` → `_2nd_try`, `not` → `not_`. */
export function expressionName(id: string): string {
  const text = id
    .normalize("NFKC")
    .replaceAll("-", "_")
    .replace(/[^\p{ID_Continue}]/gu, "");
  const name = /^[\p{ID_Start}_]/u.test(text) ? text : `_${text}`;
  return WORDS.has(name) ? `${name}_` : name;
}
