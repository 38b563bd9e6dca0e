/** Settings as people write them, and back: text ⇄ JSON values. A text with `{{ }}` is always a text. */
import { parse, stringify } from "yaml";

/** What was written: a value, nothing (the setting is taken away), or what is wrong with it. */
export type Written = { value: unknown } | { nothing: true } | { error: string };

const NOTHING: Written = { nothing: true };
const TEMPLATE = /^\s*\{\{/;
/** Where YAML wants quotes around a template that is a whole value. */
const BARE_TEMPLATE = /^(\s*(?:- +)*(?:(?:[\w.-]+|"[^"]*"|'[^']*') *: +)?)(\{\{.*\}\})\s*$/;

/** Data as YAML; a text that begins with a template stands as it is. */
export function dataText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string" && TEMPLATE.test(value) && value === value.trim()) return value;
  const text = stringify(value, { lineWidth: 0, indentSeq: false }).replace(/\n$/, "");
  return isReadAs(readData, text, value) ? text : JSON.stringify(value);
}

/** YAML (or JSON) as data. Templates need no quotes where they are a whole value. */
export function readData(text: string): Written {
  if (text.trim() === "") return NOTHING;
  if (TEMPLATE.test(text)) return { value: text.trim() };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return yaml(text);
  }
}

function yaml(text: string): Written {
  try {
    return { value: parse(quoteTemplates(text), { maxAliasCount: 0 }) as unknown };
  } catch (problem) {
    const [first] = String((problem as Error).message).split("\n");
    return { error: `This is not YAML yet: ${(first ?? "").replace(/:$/, "")}.` };
  }
}

function isReadAs(read: (text: string) => Written, text: string, value: unknown): boolean {
  const found = read(text);
  return "value" in found && isSame(found.value, value);
}

function quoteTemplates(text: string): string {
  return text.replaceAll(/[^\n]+/g, (line) =>
    line.replace(BARE_TEMPLATE, (_, lead: string, template: string) => lead + JSON.stringify(template)),
  );
}

/** A value on one line, as rows of names and values show it: texts bare unless they would be read as something else. */
export function lineText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "string") return JSON.stringify(value);
  return isReadAs(readLine, value, value) ? value : JSON.stringify(value);
}

/** What a line says: a number, yes/no, null, JSON, or else the text itself. */
export function readLine(text: string): Written {
  const clean = text.trim();
  if (clean === "") return NOTHING;
  if (clean.startsWith("{{") || !/^(?:[[{"]|-?\d|true$|false$|null$)/.test(clean)) return { value: clean };
  try {
    return { value: JSON.parse(clean) as unknown };
  } catch {
    return /^[[{"]/.test(clean) ? flow(clean) : { value: clean };
  }
}

/** `[a, b]` and `{a: 1}` without all the quotes that JSON wants; a text where it is not even that. */
function flow(text: string): Written {
  try {
    return { value: parse(text, { maxAliasCount: 0 }) as unknown };
  } catch {
    return { value: text };
  }
}

/** A number within its bounds, or a template that gives one. */
export function readNumber(text: string, bounds: { whole: boolean; min?: number; max?: number }): Written {
  const clean = text.trim();
  if (clean === "") return NOTHING;
  if (clean.includes("{{")) return { value: clean };
  const value = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(clean) ? Number(clean) : NaN;
  if (!Number.isFinite(value)) return { error: `“${clean}” is not a number.` };
  if (bounds.whole && !Number.isInteger(value)) return { error: "Only whole numbers fit here." };
  if (bounds.min !== undefined && value < bounds.min) return { error: `At least ${bounds.min}.` };
  if (bounds.max !== undefined && value > bounds.max) return { error: `At most ${bounds.max}.` };
  return { value };
}

/** A list of texts, one a line; JSON where lines cannot say it. */
export function listText(value: unknown): string {
  if (value === undefined) return "";
  const text = Array.isArray(value) ? value.join("\n") : String(value);
  return isReadAs(readList, text, value) ? text : JSON.stringify(value);
}

/** Lines as a list; a line that is only a template is what that gives; JSON and lists of YAML are read as such. */
export function readList(text: string): Written {
  const lines = text.split("\n").map((line) => line.trim());
  const filled = lines.filter(Boolean);
  if (filled.length === 0) return NOTHING;
  if (filled.length === 1 && /^\{\{.*\}\}$/.test(filled[0] ?? "")) return { value: filled[0] };
  if (filled.every((line) => line.startsWith("- ")) || /^(\[.*\]|".*")$/s.test(text.trim())) return readData(text);
  return { value: filled };
}

/** Whether two values say the same (the order of keys aside). */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length && keys.every((key) => key in right && isSame(left[key], right[key]))
  );
}
