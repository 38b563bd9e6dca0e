import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/client";
import { unwrap } from "@/client/problem";
import { Link } from "@/navigation";
import { Banner } from "@/ui/Banner";

/** Schedules of the workspace that should have fired and have not. */
export const alarmsQuery = queryOptions({
  queryKey: ["alarms"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/alarms", { signal }))).alarms,
  refetchInterval: 60_000,
});

/** Tells that schedules need a look, and leads to the agents they are of; nothing while all is well. */
export function AlarmNotice({ agents }: { agents: readonly { id: string; name: string }[] }) {
  const { data } = useQuery(alarmsQuery);
  if (!data?.length) return null;
  const ids = new Set(data.map(({ agent_id }) => agent_id));
  return (
    <Banner tone="bad" title={data.length === 1 ? "A schedule needs a look." : `${data.length} schedules need a look.`}>
      <ul className="flex flex-wrap gap-x-4">
        {agents
          .filter(({ id }) => ids.has(id))
          .map(({ id, name }) => (
            <li key={id}>
              <Link href={`/agents/${id}/triggers`} className="text-link control-sm">
                {name}
              </Link>
            </li>
          ))}
      </ul>
    </Banner>
  );
}
