import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Kind } from "@/document/types";
import { controlOf, formOf, labelOf } from "@/settings/form";

/** The kinds as they are declared, so that a new way of declaring shows here. */
const SOURCE = fileURLToPath(new URL("../../../src/plainwork/", import.meta.url));
function declared(): Pick<Kind, "id" | "input" | "blocks">[] {
  const read = (folder: string) =>
    readdirSync(SOURCE + folder)
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => parse(readFileSync(`${SOURCE}${folder}/${name}`, "utf-8")) as never);
  const ours = read("engine/kinds").flat() as { id: string }[];
  const actions = read("connectors/catalog").flatMap((one: { id: string; actions: Record<string, { id?: string }> }) =>
    Object.entries(one.actions).map(([name, action]) => ({ ...action, id: action.id ?? `${one.id}.${name}` })),
  );
  return [...ours, ...actions];
}
const kind = (id: string) => declared().find((one) => one.id === id) ?? { id };
const control = (id: string, key: string) => formOf(kind(id)).settings.find((one) => one.key === key)?.control;

describe("the form of a kind", () => {
  it("has every setting that is declared, required ones first", () => {
    expect(declared().length).toBeGreaterThan(30);
    for (const one of declared()) {
      const { settings } = formOf(one);
      expect(settings.map((setting) => setting.key).toSorted()).toEqual(
        Object.keys((one.input?.properties ?? {}) as object).toSorted(),
      );
      const order = settings.map((setting) => setting.required);
      expect(order).toEqual(order.toSorted((a, b) => Number(b) - Number(a)));
      expect(settings.every((setting) => setting.label)).toBe(true);
    }
  });

  it.each([
    ["http", "url", { is: "text", lines: "one", templates: true }],
    ["http", "method", { is: "choice" }],
    ["http", "headers", { is: "pairs" }],
    ["http", "query", { is: "pairs" }],
    ["http", "body", { is: "any", lines: "many", language: "text" }],
    ["http", "json", { is: "any", lines: "many", language: "json" }],
    ["http", "expect", { is: "data" }],
    ["http", "follow", { is: "switch" }],
    ["filter", "items", { is: "data" }],
    ["filter", "where", { is: "expression", names: ["item", "index"] }],
    ["foreach", "at_once", { is: "number", whole: true, min: 1, max: 1000 }],
    ["llm", "prompt", { is: "text", lines: "many", language: "text", templates: true }],
    ["llm", "temperature", { is: "number", whole: false, min: 0, max: 2 }],
    ["llm", "model", { is: "model" }],
    ["llm", "schema", { is: "data" }],
    ["llm.classify", "labels", { is: "data" }],
    ["llm.extract", "fields", { is: "pairs" }],
    ["code", "code", { is: "text", lines: "many", language: "python", templates: false }],
    ["email.send", "to", { is: "any", lines: "one" }],
    ["github.create_issue", "labels", { is: "list" }],
    ["google-sheets.append", "rows", { is: "data" }],
    ["notion.query", "filter", { is: "data" }],
    ["sql.query", "query", { is: "text", lines: "many", language: "sql", templates: false }],
  ])("%s: %s", (id, key, wanted) => {
    expect(control(id, key)).toMatchObject(wanted);
  });

  it("knows which kinds take settings of any name", () => {
    const open = declared().filter((one) => formOf(one).takes_more);
    expect(open.map((one) => one.id).toSorted()).toEqual(["code", "llm", "set"]);
  });

  it("names a setting that has no title after its key", () => {
    expect(labelOf("reply_to")).toBe("Reply to");
    expect(formOf({ input: { properties: { "top-k": {} } } }).settings[0]?.label).toBe("Top k");
    expect(controlOf("x", {})).toEqual({ is: "any", lines: "one", language: undefined });
  });
});
