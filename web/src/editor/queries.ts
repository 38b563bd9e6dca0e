/** What the editor asks of the server besides the document itself and its versions. Throws Problem. */
import { queryOptions } from "@tanstack/react-query";
import { api } from "@/client";
import { unwrap } from "@/client/problem";

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
