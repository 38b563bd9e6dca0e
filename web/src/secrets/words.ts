/** Secrets and connected accounts in words. Pure. */
import type { Tone } from "@/ui/status";
import type { Connection, Secret } from "./queries";

const CONNECTORS: Record<string, string> = {
  email: "E-mail",
  github: "GitHub",
  "google-sheets": "Google Sheets",
  http: "HTTP",
  llm: "Models",
  rss: "RSS",
  sms: "SMS",
  sql: "SQL",
};

const ACCOUNTS: Record<string, string> = {
  github: "GitHub",
  http: "Web API",
  imap: "Mailbox (IMAP)",
  postgres: "PostgreSQL",
  smtp: "Mail server (SMTP)",
};

/** Users of secrets that are no connectors: models take keys, webhooks check signatures. */
export const OTHER_USERS = ["llm", "webhook"];

/** A connector by its title: `google-sheets` → "Google Sheets". */
export function connectorWord(id: string): string {
  return CONNECTORS[id] ?? capital(id);
}

/** A kind of account: `smtp` → "Mail server (SMTP)". */
export function accountWord(kind: string): string {
  return ACCOUNTS[kind] ?? capital(kind);
}

/** Who alone may use it and where alone it goes: one part for each binding, none where nothing is bound. */
export function bindingWords(
  { connector, hosts, agents }: Pick<Secret, "connector" | "hosts" | "agents">,
  names: ReadonlyMap<string, string> | undefined,
): string[] {
  const words = [];
  if (connector !== null) words.push(`only for ${connectorWord(connector)}`);
  if (hosts !== null) words.push(hosts.length ? `only to ${hosts.join(", ")}` : "to no host");
  if (agents !== null) words.push(agents.length ? `only by ${agentWords(agents, names)}` : "by no agent");
  return words;
}

function agentWords(agents: readonly string[], names: ReadonlyMap<string, string> | undefined): string {
  const known = agents.map((id) => names?.get(id)).filter((name) => name !== undefined);
  const others = agents.length - known.length;
  if (others === 0) return known.join(", ");
  const count = `${others} ${known.length ? "other " : ""}${others === 1 ? "agent" : "agents"}`;
  return [...known, count].join(", ");
}

/** "2 steps at once (1 now), 60 uses a minute"; null: no limits. */
export function limitWords({ at_once, per_minute, in_use }: Pick<Secret, "at_once" | "per_minute" | "in_use">) {
  const words = [];
  if (at_once !== null) words.push(`${at_once} ${at_once === 1 ? "step" : "steps"} at once (${in_use} now)`);
  if (per_minute !== null) words.push(`${per_minute} ${per_minute === 1 ? "use" : "uses"} a minute`);
  return words.length ? words.join(", ") : null;
}

/** How a connection stands. */
export function statusWord({ status }: Pick<Connection, "status">): { word: string; tone: Tone } {
  return status === "expired" ? { word: "To be connected anew", tone: "bad" } : { word: "Connected", tone: "good" };
}

/** Hosts as they are typed, apart by commas or spaces; null: none are named. */
export function readHosts(text: string): string[] | null {
  const hosts = text.split(/[\s,]+/).filter(Boolean);
  return hosts.length ? hosts : null;
}

/** The name that an account of a kind or connector is offered under: `google-sheets` → `GOOGLE_SHEETS`. */
export function offeredName(kind: string): string {
  return kind.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}

function capital(id: string): string {
  const words = id.replaceAll(/[-_]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The name itself, or with the first number that is free: "Slack app 2". */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} ${number}`;
  return free;
}

/** Where an account is connected anew. */
export function anewHref(connection: string): string {
  return `/workspace/secrets?connect=${encodeURIComponent(connection)}`;
}
