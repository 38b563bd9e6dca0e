import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/client";
import { wholeList } from "@/client/pages";
import { unwrap } from "@/client/problem";
import { Link } from "@/navigation";
import { Banner } from "@/ui/Banner";

/** Triggers of the workspace that need a look: schedules that have not fired, polls that keep failing. */
export const alarmsQuery = queryOptions({
  queryKey: ["alarms"],
  queryFn: ({ signal }) =>
    wholeList(
      ({ limit, from }) => unwrap(api.GET("/api/v1/alarms", { params: { query: { limit, before: from } }, signal })),
      (page) => page.alarms,
    ),
  refetchInterval: 60_000,
});

/** Tells that triggers need a look, and leads to the agents they start; nothing while all is well. */
export function AlarmNotice({ agents }: { agents: readonly { id: string; name: string }[] }) {
  const { data } = useQuery(alarmsQuery);
  if (!data?.length) return null;
  const ids = new Set(data.map(({ agent_id }) => agent_id));
  return (
    <Banner tone="bad" title={title(data)}>
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

function title(alarms: readonly { kind: string }[]): string {
  if (alarms.length > 1) return `${alarms.length} triggers need a look.`;
  return alarms[0]?.kind === "keeps_failing" ? "A poll keeps failing." : "A trigger needs a look.";
}
