/** The roles of a workspace, in words. Pure. */
import type { Schemas } from "@/client";

export type Role = Schemas["Member"]["role"];

/** From those who may least to those who may most. */
export const ROLES: readonly { role: Role; may: string }[] = [
  { role: "viewer", may: "See agents and runs, decide approvals" },
  { role: "runner", may: "Also start runs and decide what becomes of them" },
  { role: "editor", may: "Also make and change agents" },
  { role: "admin", may: "Also secrets, API keys, limits, members and the audit log" },
  { role: "owner", may: "Everything, other owners included" },
];

/** "a viewer", "an editor". */
export function aRole(role: string): string {
  return `${/^[aeo]/.test(role) ? "an" : "a"} ${role}`;
}
