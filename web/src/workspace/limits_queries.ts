/** The workspace's limits. All throw Problem. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";

export type Limits = Schemas["WorkspaceLimits"];

export const limitsQuery = queryOptions({
  queryKey: ["workspace", "limits"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/limits", { signal })),
  refetchInterval: 10_000,
});

export async function changeLimits(change: Schemas["LimitChange"]): Promise<void> {
  queryClient.setQueryData(limitsQuery.queryKey, await unwrap(api.PATCH("/api/v1/limits", { body: change })));
}
