/** The one line on a card: the setting that tells most about a step. */
import type { FlowNode, Kind } from "@/document/types";

type Config = Record<string, unknown>;

const LONGEST = 90;

/** What a card says below the step's name. Never empty: the kind's title is the last resort. */
export function summaryOf(node: FlowNode, kind: Kind | undefined): string {
  const config = node.config ?? {};
  const id = kind?.id ?? node.type.split("@")[0] ?? "";
  const special = id.startsWith("trigger.") ? triggerSummary(id, config) : TELLING[id]?.(config, node);
  return oneLine(special || firstSetting(config, kind) || kind?.title || id);
}

/** What a trigger's card is called. */
export function triggerTitle(node: FlowNode): string {
  const config = node.config ?? {};
  const kind = node.type.split("@")[0] ?? "";
  if (kind === "trigger.schedule") {
    const phrase = text(config.phrase) || text(config.cron) || "On a schedule";
    return oneLine(sentence(phrase.replace(/ in [A-Za-z_]+(\/[A-Za-z_+\-0-9]+)*$/, "")));
  }
  if (kind === "trigger.webhook") return `Webhook ${text(config.path)}`.trim();
  return oneLine(TRIGGERS[kind] ?? (node.name || node.id));
}

const TRIGGERS: Record<string, string> = {
  "trigger.manual": "By hand",
  "trigger.form": "Form",
  "trigger.chat": "Chat message",
  "trigger.email": "Incoming mail",
  "trigger.error": "Failed run",
  "trigger.poll": "Something new",
};

function triggerSummary(kind: string, config: Config): string {
  switch (kind) {
    case "trigger.schedule":
      return text(config.timezone) || "Schedule";
    case "trigger.webhook":
      return `${text(config.method) || "POST"}, answers ${text(config.respond) || "at once"}`;
    case "trigger.poll":
      return [text(config.uses), text(config.every) && `every ${text(config.every)}`].filter(Boolean).join(", ");
    case "trigger.form":
      return text(config.title);
    case "trigger.error":
      return text(config.agent);
    case "trigger.manual":
      return "Starts when somebody asks for it";
    default:
      return text(config.account);
  }
}

const TELLING: Record<string, (config: Config, node: FlowNode) => string> = {
  http: (config) => prefixed(text(config.method) || "GET", address(text(config.url))),
  condition: () => "Chooses the way on",
  set: (config) => Object.keys(config).join(", "),
  filter: (config) => (config.where ? `where ${text(config.where)}` : text(config.items)),
  foreach: (config) =>
    `each ${text(config.as) || "item"} of ${text(config.items)}${many(config.at_once) ? `, ${text(config.at_once)} at once` : ""}`,
  repeat: (config) =>
    [text(config.until) && `until ${text(config.until)}`, config.max && `${text(config.max)} times at most`]
      .filter(Boolean)
      .join(", "),
  wait: (config) => prefixed("for", config.for) || prefixed("until", config.until),
  code: (config) => firstLine(text(config.code)),
  llm: (config, node) => (node.model ? `${text(node.model)}: ` : "") + firstLine(text(config.prompt)),
  "llm.classify": (config) => names(config.labels).join(" · "),
  "llm.extract": (config) => names(config.fields).join(", "),
  "email.send": (config) => prefixed("to", config.to),
  "sms.send": (config) => prefixed("to", config.to),
  "sql.query": (config) => firstLine(text(config.query)),
  respond: (config) => `${text(config.status) || "200"} ${text(config.body)}`.trim(),
};

/** The first setting that the kind asks for and that reads as a line; else the first one there is. */
function firstSetting(config: Config, kind: Kind | undefined): string {
  const required = (kind?.input?.required as string[] | undefined) ?? [];
  for (const key of [...required, ...Object.keys(config)]) {
    const value = config[key];
    if (key !== "flow" && (typeof value === "string" || typeof value === "number"))
      return `${key}: ${firstLine(text(value))}`;
  }
  return "";
}

function prefixed(word: string, value: unknown): string {
  const shown = text(value);
  return shown && `${word} ${shown}`;
}

function names(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(text);
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

function many(value: unknown): boolean {
  return typeof value === "number" ? value > 1 : typeof value === "string";
}

/** A value as a card shows it: templates without their braces. */
function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(text).join(", ");
  if (typeof value === "object") return Object.keys(value).join(", ");
  return String(value).replace(/\{\{\s*([^{}]*?)\s*\}\}/g, "$1");
}

function address(url: string): string {
  return url
    .replace(/^https?:\/\//, "")
    .replace(/[?#].*$/s, "")
    .replace(/\/$/, "");
}

function firstLine(value: string): string {
  return value.trimStart().split("\n", 1)[0] ?? "";
}

function oneLine(value: string): string {
  const line = value.replace(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1).trimEnd()}…` : line;
}

function sentence(value: string): string {
  return value.slice(0, 1).toUpperCase() + value.slice(1);
}
