/** Completion as one types a spec: keys, kinds, settings, values, routes and expressions, each where it can stand. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { type Kind, kindOf } from "@/document";
import { type Area, areaAt, polledIn, usesOf } from "./area";
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
      kind:
        area.part === "front"
          ? around.triggers.get(polledIn(area.before))
          : kindOf(around.kinds, usesOf(area.step) ?? ""),
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

/** Which setting of the step, or of what is polled, a place belongs to: the keys under `with`; null for anything else. */
function settingPath({ area }: Here, { path }: YamlPlace): string[] | null {
  const own = area.part === "front" ? triggerPath(path) : path;
  return own?.[0] === "with" ? own.slice(1) : null;
}

/** The keys within one trigger; null outside of them. */
function triggerPath(path: readonly string[]): string[] | null {
  return path[0] === "when" ? path.slice(path[1] === "-" ? 2 : 1) : null;
}

function settingAt(here: Here, place: YamlPlace): InputSchema | null {
  const path = settingPath(here, place);
  return path && inputAt(here.kind, path);
}

function isExpression(here: Here, place: YamlPlace): boolean {
  const isIf = here.area.part === "step" && place.path.join() === "if";
  return isIf || settingAt(here, place)?.["x-expression"] === true || place.path.at(-2) === "map";
}

function keyOptions(here: Here, place: YamlPlace, keys: Keys): Completion[] {
  const path = settingPath(here, place);
  if (path) return settingKeys(inputAt(here.kind, path), place.siblings, path.length === 0 ? here.kind?.blocks : {});
  return Object.entries(keysAt(keys, place.path).under)
    .filter(([key]) => !place.siblings.includes(key))
    .map(([key, { about, opens }]) => ({ label: key, apply: `${key}: ${opens ?? ""}`, type: "property", info: about }));
}

function valueOptions(here: Here, place: YamlPlace, keys: Keys): Completion[] {
  if (settingPath(here, place)) return settingValues(settingAt(here, place));
  const key = place.path.filter((name) => name !== "-").at(-1);
  if (key === "uses") return kindOptions(here.kinds);
  if (key === "poll") return kindOptions(here.triggers);
  if (key === "account" || key === "verify" || triggerPath(place.path)?.[0] === "email") return accountOptions(here);
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
