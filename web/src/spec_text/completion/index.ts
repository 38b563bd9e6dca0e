/** Completion as one types a spec: keys, kinds, settings, values, routes and expressions, each where it can stand. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { type Kind, kindOf } from "@/document";
import { type Area, areaAt, usesOf } from "./area";
import { openExpression } from "./expression";
import { type Here, inExpression, namesHere, nodeOf, type Surroundings } from "./here";
import { FRONT_KEYS, keysAt, type Keys, STEP_KEYS } from "./keys";
import { routeCompletion } from "./routes";
import { type InputSchema, inputAt, settingKeys, settingValues } from "./settings";
import { yamlPlaceAt, type YamlPlace } from "./yaml_place";

export type { Surroundings } from "./here";

export function complete(around: Surroundings) {
  return (context: CompletionContext): CompletionResult | null => {
    const area = areaAt(context.state.doc, context.pos);
    const here: Here = {
      ...around,
      area,
      at: context.pos,
      isAsked: context.explicit,
      kind: kindOf(around.kinds, usesOf(area.step) ?? ""),
      node: nodeOf(around.reading(), area),
    };
    return PARTS[area.part](here);
  };
}

const PARTS: Record<Area["part"], (here: Here) => CompletionResult | null> = {
  front: (here) => inTemplate(here) ?? inYaml(here, FRONT_KEYS),
  step: (here) => inTemplate(here) ?? inYaml(here, STEP_KEYS),
  text: (here) => inTemplate(here),
  given: () => null,
  route: routeCompletion,
  prose: () => null,
};

function inTemplate(here: Here): CompletionResult | null {
  const expression = openExpression(here.area.before);
  if (expression === null) return null;
  const setting = here.area.part === "text" ? inputAt(here.kind, [here.area.key]) : null;
  return inExpression(here, expression, namesHere(here, setting));
}

function inYaml(here: Here, keys: Keys): CompletionResult | null {
  const place = yamlPlaceAt(here.area.before);
  if (place.wants === "value" && isExpression(here, place)) {
    return inExpression(here, place.word, namesHere(here, settingAt(here, place)));
  }
  const options = place.wants === "key" ? keyOptions(here, place, keys) : valueOptions(here, place, keys);
  if (options.length === 0 || (place.word === "" && !here.isAsked && !/[:[{,-]\s$/.test(here.area.before))) return null;
  return { from: here.area.from + place.from, options, validFor: /^[^,{}[\]"'\n]*$/ };
}

function isWith(here: Here, { path }: YamlPlace): boolean {
  return here.area.part === "step" && path[0] === "with";
}

function settingAt(here: Here, place: YamlPlace): InputSchema | null {
  return isWith(here, place) ? inputAt(here.kind, place.path.slice(1)) : null;
}

function isExpression(here: Here, place: YamlPlace): boolean {
  const isIf = here.area.part === "step" && place.path.join() === "if";
  return isIf || settingAt(here, place)?.["x-expression"] === true || place.path.at(-2) === "map";
}

function keyOptions(here: Here, place: YamlPlace, keys: Keys): Completion[] {
  if (isWith(here, place)) {
    const isTop = place.path.length === 1;
    return settingKeys(settingAt(here, place), place.siblings, isTop ? here.kind?.blocks : {});
  }
  return Object.entries(keysAt(keys, place.path).under)
    .filter(([key]) => !place.siblings.includes(key))
    .map(([key, { about, opens }]) => ({ label: key, apply: `${key}: ${opens ?? ""}`, type: "property", info: about }));
}

function valueOptions(here: Here, place: YamlPlace, keys: Keys): Completion[] {
  if (isWith(here, place)) return settingValues(settingAt(here, place));
  const key = place.path.filter((name) => name !== "-").at(-1);
  if (key === "uses" || key === "poll") return kindOptions(here.kinds);
  if (key === "account" || key === "verify") return accountOptions(here);
  if (key === "on failure")
    return Object.keys(here.reading()?.places ?? {}).map((label) => ({ label, type: "constant" }));
  const choices = keysAt(keys, place.path).here.choices ?? [];
  return choices.map((label) => ({ label, type: "enum" }));
}

/** Each kind once, under its own id. */
function kindOptions(kinds: ReadonlyMap<string, Kind>): Completion[] {
  return [...new Set(kinds.values())].map(({ id, title, about }) => ({
    label: id,
    detail: title,
    info: about,
    type: "class",
  }));
}

function accountOptions({ reading, secrets }: Here): Completion[] {
  const listed = Object.entries(reading()?.spec?.secrets ?? {});
  const known = new Set(listed.map(([name]) => name));
  const rest = secrets.filter((name) => !known.has(name));
  return [
    ...listed.map(([label, detail]) => ({ label, detail, type: "constant", boost: 1 })),
    ...rest.map((label) => ({ label, detail: "in the vault", type: "constant" })),
  ];
}
