/** The lines of runs, asked of the server. Throws Problem. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { type Filters, queryOf } from "./filters";

export type LogLine = Schemas["LogLine"];
export type LineKind = LogLine["kind"];

const PAGE = 50;
const FOLLOW_MS = 3_000;
/** Longer lists are not asked for anew all the time. */
const MOST_LIVE_PAGES = 4;

/** The lines that pass, newest first; with `follows` new ones come in by themselves. */
export function linesQuery(filters: Filters, follows: boolean) {
  return infiniteQueryOptions({
    queryKey: ["lines", filters],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...queryOf(filters, new Date()), limit: PAGE, ...(pageParam ? { before: pageParam } : {}) };
      return unwrap(api.GET("/api/v1/logs", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => (follows && (state.data?.pages.length ?? 0) <= MOST_LIVE_PAGES ? FOLLOW_MS : false),
  });
}
