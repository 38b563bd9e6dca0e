/** What an API key can be given, in words. */
import type { Schemas } from "@/client";

export type Scope = Schemas["NewKey"]["scopes"][number];

export const SCOPES: readonly { scope: Scope; may: string }[] = [
  { scope: "agents:read", may: "See agents" },
  { scope: "agents:write", may: "Make and change agents" },
  { scope: "runs:read", may: "See runs and the inbox" },
  { scope: "runs:write", may: "Start, cancel and retry runs" },
  { scope: "approvals:read", may: "See what runs ask people" },
  { scope: "secrets:read", may: "See the names of secrets" },
  { scope: "secrets:write", may: "Set and remove secrets" },
  { scope: "agents:override", may: "Make live what is not ready, with a reason" },
  { scope: "limits:write", may: "Set limits" },
  { scope: "audit:read", may: "Read the audit log" },
  { scope: "keys:manage", may: "Make and end API keys" },
  { scope: "workspace:read", may: "See the workspace and its members" },
  { scope: "workspace:manage", may: "Change the workspace" },
  { scope: "members:manage", may: "Invite and remove members" },
  { scope: "data:manage", may: "Say how long runs are kept" },
  { scope: "workspace:own", may: "Make owners, delete the workspace" },
];
