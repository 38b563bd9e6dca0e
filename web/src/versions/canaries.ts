/** Canaries: what is asked of the server about them, and changed. All throw Problem. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import { refreshLive } from "./queries";

export type Canary = Schemas["Canary"];

const at = (agent_id: string) => ({ path: { agent_id } });

/** An agent's canaries, the newest first. Only that one can be under way. */
export function canariesQuery(agentId: string) {
  return infiniteQueryOptions({
    queryKey: ["canaries", agentId],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<Schemas["CanaryPage"]> => {
      const query = pageParam === null ? {} : { before: pageParam };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/canaries", { params: { ...at(agentId), query }, signal }));
    },
    getNextPageParam: (page) => page.next,
  });
}

/** The canary that is under way, of those that were loaded. */
export function underWay(data: { pages: readonly Schemas["CanaryPage"][] } | undefined): Canary | null {
  const newest = data?.pages[0]?.canaries[0];
  return newest?.outcome === null ? newest : null;
}

export async function beginCanary(agentId: string, canary: Schemas["NewCanary"]): Promise<void> {
  await unwrap(api.POST("/api/v1/agents/{agent_id}/canary", { params: at(agentId), body: canary }));
  await refreshCanaries(agentId);
}

export async function changeShare(agentId: string, share: number): Promise<void> {
  await unwrap(api.PATCH("/api/v1/agents/{agent_id}/canary", { params: at(agentId), body: { share } }));
  await refreshCanaries(agentId);
}

/** Makes the candidate live. Throws Problem, whose code is `NotReady` where it is not ready any more. */
export async function promoteCanary(agentId: string, promotion: Schemas["CanaryPromotion"]): Promise<void> {
  await unwrap(api.POST("/api/v1/agents/{agent_id}/canary/promote", { params: at(agentId), body: promotion }));
  await Promise.all([refreshCanaries(agentId), refreshLive(agentId)]);
}

export async function stopCanary(agentId: string, reason: string): Promise<void> {
  await unwrap(api.POST("/api/v1/agents/{agent_id}/canary/stop", { params: at(agentId), body: { reason } }));
  await refreshCanaries(agentId);
}

function refreshCanaries(agentId: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["canaries", agentId] });
}
