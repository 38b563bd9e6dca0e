/** Secrets and connected accounts: what is asked of the server, and what is changed there. All throw Problem.
 *
 *  Values only ever go towards the server, as arguments of one call: no cache of this page keeps any. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { wholeList } from "@/client/pages";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";

export type Secret = Schemas["Secret"];
export type Connection = Schemas["Connection"];
export type Service = Schemas["ConnectionService"];
export type AccountKind = Schemas["AccountKind"];
export type NewConnection = Schemas["NewConnection"];
/** A bare text, or the fields of an account. */
export type Value = string | Record<string, unknown>;

export const secretsQuery = queryOptions({
  queryKey: ["secrets"],
  queryFn: ({ signal }) =>
    wholeList(
      ({ limit, from }) =>
        unwrap(api.GET("/api/v1/secrets", { params: { query: { limit, after: from ?? undefined } }, signal })),
      (page) => page.secrets,
    ),
  staleTime: 30_000,
});

export const connectionsQuery = queryOptions({
  queryKey: ["connections"],
  queryFn: ({ signal }) =>
    wholeList(
      ({ limit, from }) =>
        unwrap(api.GET("/api/v1/connections", { params: { query: { limit, after: from ?? undefined } }, signal })),
      (page) => page.connections,
    ),
});

export const servicesQuery = queryOptions({
  queryKey: ["connections", "services"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/connections/services", { signal }))).services,
  staleTime: Infinity,
});

export const accountKindsQuery = queryOptions({
  queryKey: ["accounts"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/accounts", { signal }))).accounts,
  staleTime: Infinity,
});

/** The workspace's agents by id and name, for what is bound to some of them. */
export const agentNamesQuery = queryOptions({
  queryKey: ["agents", "names"],
  queryFn: async ({ signal }) => {
    const agents = await wholeList(
      ({ limit, from }) => unwrap(api.GET("/api/v1/agents", { params: { query: { limit, before: from } }, signal })),
      (page) => page.agents,
    );
    return new Map(agents.map(({ id, name }) => [id, name]));
  },
});

/** Who would miss a secret. It has a key apart: what was asked before a secret is deleted is not asked after it. */
export const usesQuery = (name: string) =>
  queryOptions({
    queryKey: ["secret uses", name],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/secrets/{name}/uses", { ...at(name), signal })),
    staleTime: 0,
  });

/** Seals a value as the secret's new version. What it is for and bound to has to be said along with it. */
export async function sealSecret(name: string, secret: Schemas["SecretValue"]): Promise<Secret> {
  return changed(await unwrap(api.PUT("/api/v1/secrets/{name}", { ...at(name), body: secret })));
}

/** Says what it is for and who may use it; its value stays. */
export async function changeSecret(name: string, change: Schemas["SecretChange"]): Promise<Secret> {
  return changed(await unwrap(api.PATCH("/api/v1/secrets/{name}", { ...at(name), body: change })));
}

export async function limitSecret(name: string, limits: Schemas["SecretLimits"]): Promise<Secret> {
  return changed(await unwrap(api.PUT("/api/v1/secrets/{name}/limits", { ...at(name), body: limits })));
}

export async function deleteSecret(name: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/secrets/{name}", at(name)));
  await refreshAccounts();
}

/** Sets out to connect an account, anew too: where the person agrees, or the connection where nobody has to. */
export function connectAccount(wanted: NewConnection): Promise<Schemas["Connecting"]> {
  return unwrap(api.POST("/api/v1/connections", { body: wanted }));
}

/** Removes a connection with its tokens; whether its provider was told. */
export async function disconnectAccount(name: string): Promise<boolean> {
  const { revoked } = await unwrap(api.DELETE("/api/v1/connections/{name}", at(name)));
  await refreshAccounts();
  return revoked;
}

/** Reads secrets and connections anew, wherever they are shown. */
export async function refreshAccounts(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["secrets"] }),
    queryClient.invalidateQueries({ queryKey: connectionsQuery.queryKey, exact: true }),
    queryClient.invalidateQueries({ queryKey: ["models"] }),
  ]);
}

async function changed(secret: Secret): Promise<Secret> {
  await refreshAccounts();
  return secret;
}

const at = (name: string) => ({ params: { path: { name } } });
