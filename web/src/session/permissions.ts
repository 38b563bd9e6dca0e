/** Who may do what, as the API has it (`ROLES` there). The API decides; this is so that nobody is offered what they may not. */

export type Permission =
  | "agents:read"
  | "agents:write"
  | "agents:override"
  | "agents:promote"
  | "runs:read"
  | "runs:write"
  | "approvals:read"
  | "approvals:decide"
  | "secrets:read"
  | "secrets:write"
  | "keys:manage"
  | "workspace:read"
  | "workspace:manage"
  | "workspace:own"
  | "members:manage"
  | "audit:read"
  | "limits:write"
  | "data:manage";

const VIEWER: Permission[] = ["agents:read", "runs:read", "workspace:read", "approvals:read", "approvals:decide"];
const RUNNER: Permission[] = [...VIEWER, "runs:write"];
const EDITOR: Permission[] = [...RUNNER, "agents:write", "agents:promote", "secrets:read"];
const ADMIN: Permission[] = [
  ...EDITOR,
  "secrets:write",
  "keys:manage",
  "members:manage",
  "workspace:manage",
  "audit:read",
  "limits:write",
  "agents:override",
];
const OWNER: Permission[] = [...ADMIN, "workspace:own", "data:manage"];
const ROLES = new Map([
  ["owner", OWNER],
  ["admin", ADMIN],
  ["editor", EDITOR],
  ["runner", RUNNER],
  ["viewer", VIEWER],
]);

/** Whether a role may do it. A role that is new to this page may nothing. */
export function roleMay(role: string, permission: Permission): boolean {
  return ROLES.get(role)?.includes(permission) ?? false;
}
