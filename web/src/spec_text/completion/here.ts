/** The place at which completion is asked for, and the names that an expression has there. */
import type { CompletionResult } from "@codemirror/autocomplete";
import type { Kind, Reading } from "@/document";
import type { Area } from "./area";
import { expressionOptions, pathAt } from "./expression";
import { type Name, namesFor } from "./scope";
import type { InputSchema } from "./settings";
import { stepsOf } from "./steps";

/** What completion knows besides the text. */
export interface Surroundings {
  kinds: ReadonlyMap<string, Kind>;
  /** What can be polled. */
  triggers: ReadonlyMap<string, Kind>;
  /** The last reading that had a flow. */
  reading: () => Reading | null;
  /** The names in the vault. */
  secrets: readonly string[];
}

/** One place to complete at: the area, and the step that it belongs to. */
export interface Here extends Surroundings {
  area: Area;
  at: number;
  isAsked: boolean;
  /** The kind of the step, or in the front matter that of what is polled. */
  kind: Kind | undefined;
  /** The id of the step, once the server has read it. */
  node: string | null;
}

/** The step of a heading, of several with one name the nearest. */
export function nodeOf(reading: Reading | null, { heading, headingLine }: Area): string | null {
  const away = (id: string) => Math.abs((reading?.places[id]?.name_line ?? Infinity) - headingLine);
  const same = stepsOf(reading).filter((step) => step.name === heading);
  return same.sort((one, other) => away(one.id) - away(other.id))[0]?.id ?? null;
}

/** The names for an expression here: in scope, and those that the setting brings (`item` in a filter). */
export function namesHere(here: Here, setting: InputSchema | null, itself = false): Name[] {
  const extra = (setting?.["x-names"] ?? []).flatMap((name) => (name === "*" ? settingNames(here) : [name]));
  const own = extra.map((name) => ({ name, about: "of this step", schema: {} }));
  return [...own, ...namesFor(here.reading(), here.node, here.kinds, itself)];
}

/** The step's own settings are names in some of its texts (a prompt). */
function settingNames({ area }: Here): string[] {
  const flow = /^with:[ \t]*\{(.*)/m.exec(area.step)?.[1];
  const source = flow ?? /^with:[ \t]*\r?\n((?:[ \t]+.*\r?\n?)*)/m.exec(area.step)?.[1] ?? "";
  const key = flow ? /(?:^|,)\s*([A-Za-z_]\w*):/g : /^ {1,4}([A-Za-z_]\w*):/gm;
  return [...source.matchAll(key)].map((found) => found[1] ?? "");
}

export function inExpression(here: Here, expression: string, names: readonly Name[]): CompletionResult | null {
  const path = pathAt(expression);
  if (!path || (path.word === "" && path.keys.length === 0 && !here.isAsked && !/\{\{\s*$/.test(here.area.before)))
    return null;
  const options = expressionOptions(path, names);
  return { from: here.at - path.word.length, options, validFor: /^[\p{ID_Continue}]*$/u };
}
