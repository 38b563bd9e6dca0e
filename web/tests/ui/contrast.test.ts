/** The tokens keep WCAG 2.2's contrast (AA): 4.5 for text, 3 for what only has to be seen. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("../../src/ui/tokens.css", import.meta.url), "utf8");
const tokens = new Map<string, [string, string]>();
for (const [, name, light, dark] of css.matchAll(/--color-([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)) {
  tokens.set(String(name), [String(light), String(dark)]);
}

const SURFACES = ["desk", "paper", "raised"];
const GROUPS = ["trigger", "data", "flow", "ai", "web", "message", "app"].map((group) => `group-${group}`);
const TONES = ["good", "bad", "warn", "live", "idle"];

const text: [string, string][] = [
  ...["ink", "ink-soft", "ink-faint", "accent", "accent-strong", ...TONES, ...GROUPS].flatMap((ink) =>
    SURFACES.map((surface): [string, string] => [ink, surface]),
  ),
  ...["ink", "ink-soft", "ink-faint"].flatMap((ink) =>
    ["sunken", "hover", "selected"].map((surface): [string, string] => [ink, surface]),
  ),
  ...TONES.flatMap((tone): [string, string][] => [
    [tone, `${tone}-soft`],
    ["ink", `${tone}-soft`],
    ["ink-soft", `${tone}-soft`],
  ]),
  ["accent", "accent-soft"],
  ["accent", "hover"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["paper", "ink"],
];
const seen: [string, string][] = SURFACES.flatMap((surface): [string, string][] => [["focus", surface]]);

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  const at = theme === "light" ? 0 : 1;
  const colour = (name: string) => {
    const found = tokens.get(name);
    if (!found) throw new Error(`There is no token --color-${name}.`);
    return found[at];
  };
  it.each(text)("%s can be read on %s", (ink, surface) => {
    expect(contrast(colour(ink), colour(surface))).toBeGreaterThanOrEqual(4.5);
  });
  it.each(seen)("%s can be seen on %s", (mark, surface) => {
    expect(contrast(colour(mark), colour(surface))).toBeGreaterThanOrEqual(3);
  });
});

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((i) => {
    const part = parseInt(colour.slice(i, i + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
