/** What the workspace's settings ask of the server, and what they change there. All throw Problem. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { membersQuery } from "@/client/members";
import { wholeList } from "@/client/pages";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import { refresh, type Role } from "@/session";

export { membersQuery };

export type Member = Schemas["Member"];
export type Invitation = Schemas["Invitation"];
export type ApiKey = Schemas["ApiKey"];

export const workspaceQuery = queryOptions({
  queryKey: ["workspace"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/workspace", { signal })),
});

export const retentionQuery = queryOptions({
  queryKey: ["workspace", "retention"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/retention", { signal })),
});

export const invitationsQuery = queryOptions({
  queryKey: ["workspace", "invitations"],
  queryFn: ({ signal }) =>
    wholeList(
      ({ limit, from }) =>
        unwrap(api.GET("/api/v1/invitations", { params: { query: { limit, before: from } }, signal })),
      (page) => page.invitations,
    ),
});

export const keysQuery = queryOptions({
  queryKey: ["workspace", "keys"],
  queryFn: ({ signal }) =>
    wholeList(
      ({ limit, from }) => unwrap(api.GET("/api/v1/api-keys", { params: { query: { limit, before: from } }, signal })),
      (page) => page.api_keys,
    ),
});

/** Renames the workspace, or has it ask for a second factor. */
export async function changeWorkspace(change: Schemas["WorkspaceChange"]): Promise<void> {
  queryClient.setQueryData(workspaceQuery.queryKey, await unwrap(api.PATCH("/api/v1/workspace", { body: change })));
  await refresh();
}

export async function deleteWorkspace(name: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/workspace", { params: { query: { name } } }));
  queryClient.clear();
  await refresh();
}

/** For how many days runs are kept; null: for ever. */
export async function keepRuns(days: number | null): Promise<void> {
  queryClient.setQueryData(retentionQuery.queryKey, await unwrap(api.PUT("/api/v1/retention", { body: { days } })));
}

export async function changeRole(user_id: string, role: Role): Promise<void> {
  await unwrap(api.PATCH("/api/v1/members/{user_id}", { params: { path: { user_id } }, body: { role } }));
  await Promise.all([queryClient.invalidateQueries(membersQuery), refresh()]);
}

export async function removeMember(user_id: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/members/{user_id}", { params: { path: { user_id } } }));
  await queryClient.invalidateQueries(membersQuery);
}

/** A link that sets a member's password; it is shown once. */
export function makeResetLink(user_id: string): Promise<Schemas["ResetLink"]> {
  return unwrap(api.POST("/api/v1/members/{user_id}/password-reset", { params: { path: { user_id } } }));
}

export async function invite(email: string, role: Role): Promise<Schemas["InvitationMade"]> {
  const made = await unwrap(api.POST("/api/v1/invitations", { body: { email, role } }));
  await queryClient.invalidateQueries(invitationsQuery);
  return made;
}

export async function revokeInvitation(invitation_id: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/invitations/{invitation_id}", { params: { path: { invitation_id } } }));
  await queryClient.invalidateQueries(invitationsQuery);
}

export async function makeKey(key: Schemas["NewKey"]): Promise<Schemas["ApiKeyMade"]> {
  const made = await unwrap(api.POST("/api/v1/api-keys", { body: key }));
  await queryClient.invalidateQueries(keysQuery);
  return made;
}

export async function revokeKey(key_id: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id } } }));
  await queryClient.invalidateQueries(keysQuery);
}
