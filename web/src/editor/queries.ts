/** What the editor asks of the server and changes there, besides the document itself. All throw Problem. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";

export type Agent = Schemas["Agent"];
export type VersionHead = Schemas["VersionHead"];

export function agentQuery(agentId: string) {
  return queryOptions({
    queryKey: ["agents", agentId],
    queryFn: () => unwrap(api.GET("/api/v1/agents/{agent_id}", { params: { path: { agent_id: agentId } } })),
  });
}

/** A version never changes. */
export function versionQuery(agentId: string, number: number) {
  return queryOptions({
    queryKey: ["versions", agentId, number],
    queryFn: () => {
      const path = { agent_id: agentId, number };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/versions/{number}", { params: { path } }));
    },
    staleTime: Infinity,
  });
}

export function versionsQuery(agentId: string) {
  return infiniteQueryOptions({
    queryKey: ["versions", agentId, "list"],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: 50, ...(pageParam === null ? {} : { before: pageParam }) };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/versions", { params: { path: { agent_id: agentId }, query } }));
    },
    getNextPageParam: (page) => page.next,
  });
}

/** The newest run of the agent, for the values it saw. */
export function lastRunQuery(agentId: string) {
  return queryOptions({
    queryKey: ["runs", "last", agentId],
    queryFn: async () => {
      const params = { path: { agent_id: agentId }, query: { limit: 1 } };
      const page = await unwrap(api.GET("/api/v1/agents/{agent_id}/runs", { params }));
      return page.runs[0]?.id ?? null;
    },
  });
}

/** Keeps a text as a version; the same text as the newest gives that one. Gives its number. */
export async function publish(agentId: string, markdown: string, note = ""): Promise<number> {
  const params = { path: { agent_id: agentId } };
  const version = await unwrap(api.POST("/api/v1/agents/{agent_id}/versions", { params, body: { markdown, note } }));
  await queryClient.invalidateQueries({ queryKey: ["versions", agentId, "list"] });
  return version.number;
}

/** Points the agent at a version. With a reason it goes live also when it is not ready. Throws Problem, whose code is
 *  `NotReady` where the version does not meet what going live takes. */
export async function setLive(agentId: string, version: number, reason: string | null = null): Promise<void> {
  const params = { path: { agent_id: agentId } };
  const body = reason === null ? { version } : { version, reason, override: true };
  await becameLive(agentId, await unwrap(api.PUT("/api/v1/agents/{agent_id}/live", { params, body })));
}

/** Goes back to the version that was live before. */
export async function rollBack(agentId: string, reason: string): Promise<Agent> {
  const params = { path: { agent_id: agentId } };
  const agent = await unwrap(api.POST("/api/v1/agents/{agent_id}/rollback", { params, body: { reason } }));
  await becameLive(agentId, agent);
  return agent;
}

async function becameLive(agentId: string, agent: Agent): Promise<void> {
  queryClient.setQueryData(agentQuery(agentId).queryKey, agent);
  await queryClient.invalidateQueries({ queryKey: ["agents"] });
  await queryClient.invalidateQueries({ queryKey: ["live", agentId] });
}

/** Which versions were live, the last first. */
export function liveHistoryQuery(agentId: string) {
  return infiniteQueryOptions({
    queryKey: ["live", agentId],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: 50, ...(pageParam === null ? {} : { before: pageParam }) };
      const params = { path: { agent_id: agentId }, query };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/live/history", { params, signal }));
    },
    getNextPageParam: (page) => page.next,
  });
}

export { membersQuery } from "@/client/members";
