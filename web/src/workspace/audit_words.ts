/** The audit log in words. Pure. */
import type { AuditEntry } from "./audit_queries";

/** What actions can begin with, by what they are about. */
export const ABOUT: readonly { value: string; label: string }[] = [
  { value: "agent.", label: "Agents" },
  { value: "version.", label: "Versions" },
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

/** `member.role_changed` → "Member: role changed". */
export function actionWords(action: string): string {
  const [about = "", what = ""] = action.split(".").map((word) => word.replaceAll("_", " "));
  const subject = about === "api key" ? "API key" : about.charAt(0).toUpperCase() + about.slice(1);
  return what ? `${subject}: ${what}` : subject;
}

/** Who did it: a person by name where they are still a member. */
export function actorWords({ actor_kind, actor_id }: AuditEntry, names: ReadonlyMap<string, string>): string {
  if (actor_kind === "system") return "Plainwork";
  if (actor_kind === "api_key") return `API key ${actor_id.slice(0, 8)}`;
  return names.get(actor_id) ?? "Somebody who has left";
}

/** What belongs to it, in one line: "email ada@example.org, role admin". */
export function detailWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== "")
    .map(
      ([key, value]) =>
        `${key.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
    )
    .join(", ");
}

/** Where it can be looked at; null: nowhere. */
export function targetHref({ target_kind, target_id }: AuditEntry): string | null {
  if (target_kind === "agent") return `/agents/${target_id}`;
  if (target_kind === "run") return `/runs/${target_id}`;
  return null;
}
