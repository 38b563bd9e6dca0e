/** What the list of agents asks of the server, and what it changes there. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";

export type AgentSummary = Schemas["AgentSummary"];

/** How many agents one call gives; the list asks on until it has them all. */
const PAGE = 100;
/** Beyond this the list stops; the filter cannot help any more then, and says so. */
export const MOST_AGENTS = 1_000;

export const agentsQuery = queryOptions({
  queryKey: ["agents", "summaries"],
  queryFn: loadAgents,
  refetchInterval: 15_000,
});

export const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: () => unwrap(api.GET("/api/v1/templates")),
  staleTime: Infinity,
});

async function loadAgents({ signal }: { signal: AbortSignal }) {
  const agents: AgentSummary[] = [];
  let before: string | null = null;
  do {
    const query: { limit: number; before: string | null } = { limit: PAGE, before };
    const page: Schemas["AgentSummaryPage"] = await unwrap(
      api.GET("/api/v1/agents/summaries", { params: { query }, signal }),
    );
    agents.push(...page.agents);
    before = page.next;
  } while (before && agents.length < MOST_AGENTS);
  return { agents, isCut: before !== null };
}

const at = (agent_id: string) => ({ params: { path: { agent_id } } });

/** What a version takes, by name. */
export async function inputsOf(agent_id: string, number: number): Promise<Record<string, Schemas["Input"]>> {
  const params = { path: { agent_id, number } };
  const { flow } = await unwrap(api.GET("/api/v1/agents/{agent_id}/versions/{number}", { params }));
  return (flow as { inputs?: Record<string, Schemas["Input"]> }).inputs ?? {};
}

/** Starts the live version; gives the run's id. */
export async function runAgent(id: string, inputs: Record<string, unknown> = {}): Promise<string> {
  const run = await unwrap(api.POST("/api/v1/agents/{agent_id}/runs", { ...at(id), body: { inputs } }));
  await refresh();
  return run.id;
}

/** A paused agent's triggers start nothing. */
export async function pauseAgent(id: string, paused: boolean): Promise<void> {
  await unwrap(api.PATCH("/api/v1/agents/{agent_id}", { ...at(id), body: { paused } }));
  await refresh();
}

export async function deleteAgent(id: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/agents/{agent_id}", at(id)));
  await refresh();
}

function refresh(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["agents"] });
}
