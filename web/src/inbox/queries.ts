/** What the inbox asks of the server, and what it changes there. All throw Problem. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import type { Filters } from "./filters";
import type { Approval, ApprovalChoice, Decided, DecidedOrNot, Decision, InboxDetail } from "./types";

const PAGE = 50;
const SOON_MS = 10_000;
const LATER_MS = 30_000;
/** So many runs one call decides about. */
const MOST_AT_ONCE = 200;
/** More open questions than this are "100+". */
export const MOST_COUNTED = 100;

/** What people were asked, newest first. */
export function approvalsQuery(state: "open" | "closed") {
  return infiniteQueryOptions({
    queryKey: ["inbox", "approvals", state],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<Schemas["ApprovalPage"]> => {
      const query = { state, limit: PAGE, ...(pageParam ? { before: pageParam } : {}) };
      return unwrap(api.GET("/api/v1/approvals", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next,
    refetchInterval: SOON_MS,
  });
}

/** One question. */
export function approvalQuery(approval_id: string) {
  return queryOptions({
    queryKey: ["inbox", "approval", approval_id],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/approvals/{approval_id}", { params: { path: { approval_id } }, signal })),
  });
}

/** How many questions this person may decide. */
export const approvalCountQuery = queryOptions({
  queryKey: ["inbox", "approvals", "count"],
  queryFn: async ({ signal }) => {
    const query = { mine: true, limit: MOST_COUNTED };
    return (await unwrap(api.GET("/api/v1/approvals", { params: { query }, signal }))).approvals.length;
  },
  refetchInterval: LATER_MS,
});

/** How many runs need a person. */
export const runCountQuery = queryOptions({
  queryKey: ["inbox", "runs", "count"],
  queryFn: async ({ signal }) => {
    const { counts } = await unwrap(api.GET("/api/v1/inbox", { params: { query: { limit: 1 } }, signal }));
    return sum(counts);
  },
  refetchInterval: LATER_MS,
});

/** The runs that need a person and pass the filters, newest first. */
export function inboxQuery({ causes, agents }: Filters) {
  return infiniteQueryOptions({
    queryKey: ["inbox", "runs", "list", causes, agents],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<Schemas["InboxPage"]> => {
      const query = {
        limit: PAGE,
        ...(causes.length ? { cause: [...causes] } : {}),
        ...(agents.length ? { agent: [...agents] } : {}),
        ...(pageParam ? { before: pageParam } : {}),
      };
      return unwrap(api.GET("/api/v1/inbox", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next,
    refetchInterval: SOON_MS,
  });
}

/** One run that needs a person, with the exact settings of the step that it is about. `moment`: since when, or for which
 *  step, so that it is asked for anew when it needs one again. */
export function inboxItemQuery(run_id: string, moment: string | null) {
  return queryOptions({
    queryKey: ["inbox", "run", run_id, moment],
    queryFn: ({ signal }): Promise<InboxDetail> =>
      unwrap(api.GET("/api/v1/inbox/{run_id}", { params: { path: { run_id } }, signal })),
    retry: false,
  });
}

/** Approves or rejects; the run goes on. */
export async function decideApproval(
  approval_id: string,
  decision: ApprovalChoice,
  comment: string,
): Promise<Approval> {
  const params = { path: { approval_id } };
  try {
    return await unwrap(api.POST("/api/v1/approvals/{approval_id}", { params, body: { decision, comment } }));
  } finally {
    void refresh();
  }
}

/** Decides what becomes of one run. */
export async function decideRun(run_id: string, decision: Decision): Promise<Decided> {
  const decided = await unwrap(api.POST("/api/v1/inbox/{run_id}", { params: { path: { run_id } }, body: decision }));
  void refresh();
  return decided;
}

/** Carries one decision out for many runs, each by itself. The lists stay as they are until `refresh`. */
export async function decideMany(ids: readonly string[], decision: Decision): Promise<DecidedOrNot[]> {
  const results: DecidedOrNot[] = [];
  for (let at = 0; at < ids.length; at += MOST_AT_ONCE) {
    const body = { ids: ids.slice(at, at + MOST_AT_ONCE), decision };
    results.push(...(await unwrap(api.POST("/api/v1/inbox/bulk", { body }))).results);
  }
  return results;
}

export function sum(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((all, one) => all + (one ?? 0), 0);
}

/** The lists and counts anew. One run that has left the inbox is not asked for again. */
export async function refresh(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["inbox", "approvals"] }),
    queryClient.invalidateQueries({ queryKey: ["inbox", "approval"] }),
    queryClient.invalidateQueries({ queryKey: ["inbox", "runs"] }),
    queryClient.invalidateQueries({ queryKey: ["runs", "list"] }),
  ]);
}
