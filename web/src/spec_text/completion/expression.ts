/** Completion within an expression: names in scope, the fields under them, functions. */
import type { Completion } from "@codemirror/autocomplete";
import { FUNCTIONS } from "./functions";
import { type Name, type Schema, schemaAt } from "./scope";

/** What is written before the caret: the keys passed already, and the beginning of the next. */
export interface Path {
  keys: string[];
  word: string;
}

const PATH = /(?:[\p{ID_Start}_][\p{ID_Continue}]*|\[-?\d+\]|\.)+$/u;

/** The expression that a caret stands in, given the text before it: what follows the last open `{{`; null outside. */
export function openExpression(before: string): string | null {
  const open = before.lastIndexOf("{{");
  if (open < 0 || before[open - 1] === "\\") return null;
  const inside = before.slice(open + 2);
  return inside.includes("}}") ? null : inside;
}

/** Null where nothing can be offered: in a text in quotes, after a number, after a closed bracket. */
export function pathAt(expression: string): Path | null {
  if (isInQuotes(expression)) return null;
  const written = PATH.exec(expression)?.[0] ?? "";
  if (/[\d)\]}]$/.test(expression.slice(0, expression.length - written.length)) && written.startsWith(".")) return null;
  const parts = written.replace(/\[(-?\d+)\]/g, ".$1").split(".");
  return { keys: parts.slice(0, -1), word: parts[parts.length - 1] ?? "" };
}

export function expressionOptions({ keys }: Path, names: readonly Name[]): Completion[] {
  if (keys.length > 0) return fields(schemaAt(names, keys));
  const variables = names.map(({ name, about }) => ({ label: name, detail: about, type: "variable", boost: 1 }));
  return [...variables, ...functions()];
}

function fields(schema: Schema | null): Completion[] {
  return Object.entries(schema?.properties ?? {}).map(([label, { type, title, description }]) => ({
    label,
    type: "property",
    detail: [type ?? ""].flat().join(" or "),
    info: description ?? title,
  }));
}

function functions(): Completion[] {
  return FUNCTIONS.map(([name, call, about]) => ({
    label: name,
    detail: call,
    info: about,
    type: "function",
    apply: `${name}(`,
    boost: -1,
  }));
}

function isInQuotes(expression: string): boolean {
  let quote = "";
  for (let at = 0; at < expression.length; at++) {
    const char = expression.charAt(at);
    if (char === "\\" && quote) at++;
    else if (quote === char) quote = "";
    else if (!quote && (char === '"' || char === "'")) quote = char;
  }
  return quote !== "";
}
