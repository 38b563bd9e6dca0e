/** An agent's versions, and which of them is live: what is asked of the server and changed there. All throw Problem. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import type { Flow } from "@/document";
import type { Which } from "./place";

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
  await refreshLive(agentId);
}

/** Another version is live: what depends on it is asked for anew. A canary ends with the version it is measured against. */
export async function refreshLive(agentId: string): Promise<void> {
  const stale = [["agents"], ["live", agentId], ["canaries", agentId], ["triggers", agentId]];
  await Promise.all(stale.map((queryKey) => queryClient.invalidateQueries({ queryKey })));
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

/** A text of the agent, and the flow that it draws; null where it cannot be read. */
export function textQuery(agentId: string, which: Which) {
  return queryOptions({
    queryKey: ["versions", agentId, "text", which],
    queryFn: async ({ signal }): Promise<AgentText> => {
      if (which !== "draft") {
        const { markdown, flow } = await queryClient.fetchQuery(versionQuery(agentId, which));
        return { markdown, flow };
      }
      const params = { path: { agent_id: agentId } };
      const { markdown } = await unwrap(api.GET("/api/v1/agents/{agent_id}/draft", { params, signal }));
      const { flow } = await unwrap(api.POST("/api/v1/specs/parse", { body: { markdown }, signal }));
      return { markdown, flow };
    },
    staleTime: which === "draft" ? 0 : Infinity,
  });
}

export interface AgentText {
  markdown: string;
  flow: Flow | null;
}

/** The text that is being edited; its revision 0: nobody has. */
export function draftQuery(agentId: string) {
  return queryOptions({
    queryKey: ["versions", agentId, "draft"],
    queryFn: ({ signal }) => {
      const params = { path: { agent_id: agentId } };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/draft", { params, signal }));
    },
    staleTime: 0,
  });
}

/** What changed from one text to the other, in words. */
export function changesQuery(before: string, after: string) {
  return queryOptions({
    queryKey: ["changes", before, after],
    queryFn: ({ signal }) => unwrap(api.POST("/api/v1/specs/diff", { body: { before, after }, signal })),
    staleTime: Infinity,
    gcTime: 60_000,
  });
}

/** Makes a text the draft. Gives what it was before. */
export async function takeIntoDraft(agentId: string, markdown: string): Promise<string> {
  const params = { path: { agent_id: agentId } };
  const { markdown: before, revision } = await unwrap(api.GET("/api/v1/agents/{agent_id}/draft", { params }));
  await unwrap(api.PUT("/api/v1/agents/{agent_id}/draft", { params, body: { markdown, revision } }));
  await Promise.all(
    ["draft", "text"].map((part) => queryClient.invalidateQueries({ queryKey: ["versions", agentId, part] })),
  );
  return before;
}

/** What taking a version to another workspace would come to; nothing is changed. */
export function promotionQuery(agentId: string, version: number, workspace: string) {
  return queryOptions({
    queryKey: ["promotion", agentId, version, workspace],
    queryFn: ({ signal }) => {
      const params = { path: { agent_id: agentId } };
      const body = { workspace, version };
      return unwrap(api.POST("/api/v1/agents/{agent_id}/promotions/plan", { params, body, signal }));
    },
    staleTime: 0,
    gcTime: 0,
  });
}

export function promote(agentId: string, promotion: Schemas["NewPromotion"]): Promise<Schemas["Promotion"]> {
  const params = { path: { agent_id: agentId } };
  return unwrap(api.POST("/api/v1/agents/{agent_id}/promotions", { params, body: promotion }));
}

export type ShadowReport = Schemas["ShadowReport"];
export type ShadowRun = Schemas["ShadowRun"];

/** Takes past runs through another text in memory. */
export function replayInShadow(agentId: string, asked: Schemas["NewShadow"]): Promise<ShadowReport> {
  return unwrap(api.POST("/api/v1/agents/{agent_id}/shadow", { params: { path: { agent_id: agentId } }, body: asked }));
}

/** Whether a version may go live, and what it does not meet. */
export function readinessQuery(agentId: string, number: number) {
  return queryOptions({
    queryKey: ["readiness", agentId, number],
    queryFn: ({ signal }) => {
      const params = { path: { agent_id: agentId, number } };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/versions/{number}/readiness", { params, signal }));
    },
    staleTime: 0,
  });
}
