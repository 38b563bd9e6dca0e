/** What the account's page asks of the server, and what it changes there. All throw Problem. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { wholeList } from "@/client/pages";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import { enter, refresh } from "@/session";

export type OpenSession = Schemas["OpenSession"];

/** The last seen first. */
export const sessionsQuery = queryOptions({
  queryKey: ["account", "sessions"],
  queryFn: async ({ signal }) => {
    const sessions = await wholeList(
      ({ limit, from }) =>
        unwrap(api.GET("/api/v1/account/sessions", { params: { query: { limit, before: from } }, signal })),
      (page) => page.sessions,
    );
    return sessions.sort((a, b) => b.last_seen_at.localeCompare(a.last_seen_at));
  },
});

export const secondFactorQuery = queryOptions({
  queryKey: ["account", "second-factor"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/account/second-factor", { signal })),
});

export const workspacesQuery = queryOptions({
  queryKey: ["account", "workspaces"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/workspaces", { signal })),
});

export async function changePassword(old_password: string, password: string): Promise<void> {
  await enter(await unwrap(api.PUT("/api/v1/account/password", { body: { old_password, password } })));
}

export async function endOneSession(session_id: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/account/sessions/{session_id}", { params: { path: { session_id } } }));
  await queryClient.invalidateQueries(sessionsQuery);
}

/** Gives how many were ended. */
export async function endOtherSessions(): Promise<number> {
  const { ended } = await unwrap(api.DELETE("/api/v1/account/sessions"));
  await queryClient.invalidateQueries(sessionsQuery);
  return ended;
}

export function beginSecondFactor(): Promise<Schemas["SecondFactorBegun"]> {
  return unwrap(api.POST("/api/v1/account/second-factor"));
}

/** Makes the new authenticator count. The session goes on only when `goOn` is called: until then the page keeps showing the
 *  recovery codes, also where the second factor was all that kept somebody out. */
export async function confirmSecondFactor(code: string) {
  const { recovery_codes, session } = await unwrap(
    api.POST("/api/v1/account/second-factor/confirm", { body: { code } }),
  );
  return { codes: recovery_codes, goOn: () => enter(session) };
}

export async function renewRecoveryCodes(password: string): Promise<string[]> {
  const body = { password };
  const { recovery_codes } = await unwrap(api.POST("/api/v1/account/second-factor/recovery-codes", { body }));
  await queryClient.invalidateQueries(secondFactorQuery);
  return recovery_codes;
}

export async function removeSecondFactor(password: string): Promise<void> {
  await enter(await unwrap(api.POST("/api/v1/account/second-factor/remove", { body: { password } })));
}

/** Makes a workspace; the session then knows it. */
export async function createWorkspace(name: string): Promise<Schemas["Workspace"]> {
  const made = await unwrap(api.POST("/api/v1/workspaces", { body: { name } }));
  await refresh();
  await queryClient.invalidateQueries(workspacesQuery);
  return made;
}

export async function leaveWorkspace(workspace_id: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/account/memberships/{workspace_id}", { params: { path: { workspace_id } } }));
  await refresh();
  await queryClient.invalidateQueries(workspacesQuery);
}
