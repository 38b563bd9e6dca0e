import { useMemo } from "react";
import { type Permission, roleMay } from "./permissions";
import { useSessionStore } from "./store";

/** Who is signed in and what they may do here. Only below the SessionGate, which sees to it that somebody is. */
export function useSession() {
  const session = useSessionStore((state) => state.session);
  const workspaceId = useSessionStore((state) => state.workspaceId);
  return useMemo(() => {
    if (!session) throw new Error("useSession() needs a <SessionGate> around it.");
    const workspace = session.workspaces.find(({ id }) => id === workspaceId) ?? null;
    return {
      user: session.user,
      /** The one that is worked in; null for a person who belongs to none. */
      workspace,
      workspaces: session.workspaces,
      may: (permission: Permission) => workspace !== null && roleMay(workspace.role, permission),
      csrf: session.csrf_token,
      signedInBy: session.signed_in_by,
    };
  }, [session, workspaceId]);
}
