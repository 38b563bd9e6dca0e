/** Who may do what, as the API has it (`ROLES` there). The API decides; this is so that nobody is offered what they may not. */

export type Permission =
  "agents:read" | "agents:write" | "runs:read" | "runs:write" | "secrets:read" | "secrets:write" | "keys:manage";

const READ: Permission[] = ["agents:read", "runs:read"];
const RUN: Permission[] = [...READ, "runs:write"];
const EDIT: Permission[] = [...RUN, "agents:write", "secrets:read"];
const ALL: Permission[] = [...EDIT, "secrets:write", "keys:manage"];
const ROLES = new Map([
  ["owner", ALL],
  ["admin", ALL],
  ["editor", EDIT],
  ["runner", RUN],
  ["viewer", READ],
]);

/** Whether a role may do it. A role that is new to this page may nothing. */
export function roleMay(role: string, permission: Permission): boolean {
  return ROLES.get(role)?.includes(permission) ?? false;
}
