/** What the screens of runs ask of the server, and what they change there. All throw Problem. */
import { infiniteQueryOptions, queryOptions, skipToken } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import { type Filters, queryOf } from "./filters";
import { isOver, type StepDetail } from "./types";
import type { RunView } from "./watch";

const PAGE = 50;
const SOON_MS = 2_500;
const LATER_MS = 10_000;
/** Lists longer than this are not asked for anew all the time. */
const MOST_LIVE_PAGES = 4;

type RunPage = Schemas["RunPage"];

/** The runs that pass the filters, newest first, kept up to date: quickly while some are under way. */
export function runsQuery(filters: Filters) {
  return infiniteQueryOptions({
    queryKey: ["runs", "list", filters],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<RunPage> => {
      const query = { ...queryOf(filters, new Date()), limit: PAGE, ...(pageParam ? { before: pageParam } : {}) };
      return unwrap(api.GET("/api/v1/runs", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => {
      const pages = state.data?.pages ?? [];
      if (pages.length > MOST_LIVE_PAGES) return false;
      return pages.some(({ runs }) => runs.some(({ status }) => !isOver(status))) ? SOON_MS : LATER_MS;
    },
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

/** A step looked at closely. `moment` changes as the step goes on, so that it is asked for anew. */
export function stepQuery(runId: string, path: string, moment: string) {
  return queryOptions({
    queryKey: ["runs", "step", runId, path, moment],
    queryFn: ({ signal }): Promise<StepDetail> => {
      const params = { path: { run_id: runId, path } };
      return unwrap(api.GET("/api/v1/runs/{run_id}/steps/{path}", { params, signal }));
    },
    staleTime: Infinity,
    placeholderData: (before, query) =>
      query?.queryKey[3] === path && query.queryKey[2] === runId ? before : undefined,
  });
}

/** What a run waits for and which runs it has started, asked for anew as its state changes. */
export function aroundQuery({ run, seq }: RunView) {
  const moment = run && [run.status, run.ask, run.wake_at, run.status === "waiting" ? seq : null];
  return queryOptions({
    queryKey: ["runs", "around", run?.id, moment],
    queryFn: run
      ? ({ signal }) => unwrap(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: run.id } }, signal }))
      : skipToken,
    select: ({ waiting, children }) => ({ waiting, children }),
    staleTime: Infinity,
  });
}

/** Starts a run of a version; gives its id. */
export async function startRun(agentId: string, version: number, inputs: Record<string, unknown>): Promise<string> {
  const path = { agent_id: agentId };
  const run = await unwrap(api.POST("/api/v1/agents/{agent_id}/runs", { params: { path }, body: { version, inputs } }));
  await queryClient.invalidateQueries({ queryKey: ["runs", "list"] });
  return run.id;
}
