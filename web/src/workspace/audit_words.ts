/** The audit log in words. Pure. */
import { formatExact } from "@/ui/time";
import type { AuditEntry } from "./audit_queries";

/** What actions can begin with, by what they are about. */
export const ABOUT: readonly { value: string; label: string }[] = [
  { value: "agent.", label: "Agents" },
  { value: "version.", label: "Versions" },
  { value: "canary.", label: "Canaries" },
  { value: "run.", label: "Runs" },
  { value: "schedule.", label: "Schedules" },
  { value: "trigger.", label: "Triggers" },
  { value: "secret.", label: "Secrets" },
  { value: "api_key.", label: "API keys" },
  { value: "member.", label: "Members" },
  { value: "session.", label: "Sessions" },
  { value: "user.", label: "Accounts" },
  { value: "workspace.", label: "Workspace" },
  { value: "limits.", label: "Limits" },
  { value: "audit.", label: "The audit log" },
];

/** Those whose own words do not make a phrase. */
const PHRASES: Readonly<Record<string, string>> = {
  "agent.live": "Version made live",
  "agent.rolled_back": "Version before made live again",
  "audit.exported": "Audit log exported",
  "member.invited": "Invitation made",
  "member.invitation_revoked": "Invitation taken back",
  "run.again": "Run taken again",
  "session.started": "Signed in",
  "session.ended": "Signed out",
  "session.others_ended": "Signed out everywhere else",
  "user.second_factor_added": "Second factor added",
  "user.second_factor_removed": "Second factor removed",
  "user.recovery_codes_renewed": "Recovery codes renewed",
  "user.reset_link_made": "Link for a new password made",
  "user.password_changed": "Password changed",
  "user.password_reset": "Password set anew",
};

/** `member.role_changed` → "Member role changed". */
export function actionWords(action: string): string {
  const phrase = PHRASES[action] ?? action.replaceAll(/[._]/g, " ").replace(/^api key/, "API key");
  return phrase.charAt(0).toUpperCase() + phrase.slice(1);
}

/** Who did it: a person by name where they are still a member. */
export function actorWords({ actor_kind, actor_id }: AuditEntry, names: ReadonlyMap<string, string>): string {
  if (actor_kind === "system") return "Plainwork";
  if (actor_kind === "api_key") return `API key ${actor_id.slice(0, 8)}`;
  return names.get(actor_id) ?? "Somebody who has left";
}

/** What it was done to, by name; "" where none is known. `names`: of agents and members, by id. */
export function targetWords(
  { target_kind, target_id, detail }: AuditEntry,
  names: ReadonlyMap<string, string>,
): string {
  const own = detail.name ?? detail.email;
  if (typeof own === "string") return own;
  return target_kind === "secret" ? target_id : (names.get(target_id) ?? "");
}

/** What else belongs to it, in one line: "role admin, scopes runs:read and runs:write". */
export function detailWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(([key]) => key !== "name" && key !== "email")
    .map(([key, value]) => [key === "number" ? "version" : key.replaceAll("_", " "), valueWords(value)] as const)
    .filter(([, words]) => words !== "")
    .map(([key, words]) => `${key} ${words}`)
    .join(", ");
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const HASH = /^[0-9a-f]{40,}$/;
const HASH_SHOWN = 12;
const LIST = new Intl.ListFormat("en");

function valueWords(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return LIST.format(value.map(valueWords));
  if (typeof value === "object") return Object.keys(value).length > 0 ? JSON.stringify(value) : "";
  const text = String(value);
  if (TIME.test(text)) return formatExact(text);
  return HASH.test(text) ? `${text.slice(0, HASH_SHOWN)}…` : text;
}

/** Where it can be looked at; null: nowhere. */
export function targetHref({ target_kind, target_id }: AuditEntry): string | null {
  if (target_kind === "agent") return `/agents/${target_id}`;
  if (target_kind === "run") return `/runs/${target_id}`;
  return null;
}
