/** Completion on a route's line: how it leads, on what condition, and where to. */
import type { Completion, CompletionResult } from "@codemirror/autocomplete";
import { outcomesOf } from "@/document/outcomes";
import type { Step } from "@/document/types";
import { routeParts } from "../preview/routes";
import { type Here, inExpression, namesHere } from "./here";
import { FAILURES } from "./keys";
import { stepsOf } from "./steps";

const LEADS: Completion[] = [
  { label: "If", apply: "If `", info: "Leads on when an expression is true" },
  { label: "When", apply: "When `", info: "Leads on when the step's outcome has this name" },
  { label: "Otherwise", apply: "Otherwise → ", info: "For all that no If or When took" },
  { label: "Then", apply: "Then → ", info: "Leads on in any case" },
  { label: "On error", apply: "On error → ", info: "When the attempts are used up" },
  { label: "On timeout", apply: "On timeout → ", info: "When the time is used up" },
].map((lead) => ({ ...lead, type: "keyword" }));

export function routeCompletion(here: Here): CompletionResult | null {
  const { before } = here.area;
  return inTest(here) ?? inTarget(here) ?? (routeParts(before) ? null : inLead(here));
}

/** Within the backquotes. */
function inTest(here: Here): CompletionResult | null {
  const test = /^\s*[-*+]\s+(if|when|on\s+error)\s+`([^`]*)$/i.exec(here.area.before);
  const [lead, written] = [test?.[1]?.toLowerCase(), test?.[2]];
  if (lead === undefined || written === undefined) return null;
  if (lead === "if") return inExpression(here, written, namesHere(here, null, true));
  const labels = lead === "when" ? outcomes(here) : FAILURES;
  return { from: here.at - written.length, options: labels.map((label) => ({ label, type: "constant" })) };
}

function outcomes({ kind, node, reading }: Here): string[] {
  const step = stepsOf(reading()).find((one) => one.id === node);
  return outcomesOf(kind, step?.with ?? {});
}

/** After the arrow: links to steps, `stop`, `fail`; within a link's bracket the steps' ids. */
function inTarget(here: Here): CompletionResult | null {
  const parts = routeParts(here.area.before);
  if (!parts) return null;
  const written = here.area.before.slice(parts.arrow.to);
  const id = /\]\(#([^)]*)$/.exec(written)?.[1];
  const steps = stepsAhead(here);
  if (id !== undefined) {
    return {
      from: here.at - id.length,
      options: steps.map(({ id, name }) => ({ label: id, detail: name, type: "constant" })),
    };
  }
  const word = /(?:^|,|\band)?\s*(\[?[^\],]*)$/.exec(written)?.[1] ?? "";
  const links = steps.map(({ id, name }) => ({
    label: name,
    apply: `[${name}](#${id})`,
    detail: `#${id}`,
    type: "constant",
  }));
  const ends = ["stop", "fail"].map((label) => ({ label, type: "keyword", boost: -1 }));
  return {
    from: here.at - word.replace(/^\[/, "").length - (word.startsWith("[") ? 1 : 0),
    options: [...links, ...ends],
    filter: !word.startsWith("["),
  };
}

/** Routes lead forward on their level, or to the steps for errors. */
function stepsAhead({ node, area, reading }: Here): Step[] {
  const places = reading()?.places ?? {};
  const holder = node === null ? null : (places[node]?.holder ?? null);
  return stepsOf(reading()).filter(({ id }) => {
    const place = places[id];
    if (!place || id === node || place.holder !== holder) return false;
    return place.line > area.headingLine || place.lane === "errors";
  });
}

function inLead(here: Here): CompletionResult | null {
  const written = /^\s*[-*+]\s+([a-z ]*)$/i.exec(here.area.before)?.[1];
  if (written === undefined) return null;
  return { from: here.at - written.length, options: LEADS, validFor: /^[a-z ]*$/i };
}
