/** Who belongs to the workspace: several screens name people. */
import { queryOptions } from "@tanstack/react-query";
import { api } from ".";
import { wholeList } from "./pages";
import { unwrap } from "./problem";

/** The first to join first. */
export const membersQuery = queryOptions({
  queryKey: ["workspace", "members"],
  queryFn: async ({ signal }) => {
    const members = await wholeList(
      ({ limit, from }) => unwrap(api.GET("/api/v1/members", { params: { query: { limit, after: from } }, signal })),
      (page) => page.members,
    );
    return members.sort((a, b) => a.joined_at.localeCompare(b.joined_at));
  },
});
