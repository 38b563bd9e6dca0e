/** The document's steps as they stand: on which level, in which order, with which routes. What changes are made from. */
import type { Lead, Spec, Step } from "@/document/types";

/** A step and its place among its siblings. */
export interface Entry {
  step: Step;
  /** The step that holds it; null at the top. */
  holder: string | null;
  lane: "main" | "errors";
  siblings: readonly Step[];
  index: number;
}

export type Outline = ReadonlyMap<string, Entry>;

export const FORWARD: ReadonlySet<Lead> = new Set<Lead>(["if", "when", "otherwise", "then"]);

/** Every step of a document by its id, in the order of the document. */
export function outlineOf(spec: Spec): Outline {
  const outline = new Map<string, Entry>();
  const level = (siblings: readonly Step[], holder: string | null, lane: "main" | "errors") => {
    siblings.forEach((step, index) => {
      if (!outline.has(step.id)) outline.set(step.id, { step, holder, lane, siblings, index });
      level(step.steps ?? [], step.id, lane);
    });
  };
  level(spec.steps ?? [], null, "main");
  level(spec.errors ?? [], null, "errors");
  return outline;
}

/** Whether a step says where the run goes after it; if not, it continues with the next of its level. */
export function saysWhereTo(step: Step): boolean {
  return (step.routes ?? []).some((route) => FORWARD.has(route.lead));
}

/** Whether some step leads there on a condition: then nothing may fall through into it. */
export function isBranchStart(outline: Outline, id: string): boolean {
  for (const { step } of outline.values()) {
    if ((step.routes ?? []).some((route) => route.lead !== "then" && route.to.includes(id))) return true;
  }
  return false;
}

/** The step that stands `by` places further on the same level. */
export function sibling(entry: Entry, by: number): Step | null {
  return entry.siblings[entry.index + by] ?? null;
}

const RESERVED = new Set(["stop", "fail", "inputs", "secrets", "item", "index", "run", "trigger", "vars"]);

/** A name like the wanted one whose id no other step has; ids are made of names, as anchors are of headings. */
export function freeName(outline: Outline, wanted: string): { name: string; id: string } {
  const taken = new Set([...outline.keys()].map(expressionName));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted} ${number}`;
    const id = slug(name);
    if (id !== "" && !RESERVED.has(expressionName(id)) && !taken.has(expressionName(id))) return { name, id };
    if (id === "") return freeName(outline, "Step");
  }
}

function slug(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}

function expressionName(id: string): string {
  return id.replaceAll("-", "_");
}
