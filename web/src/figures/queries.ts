/** What the figures' screen asks of the server. All throw Problem. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { type Each, type Filters, type Span, timesOf } from "./period";

export type RunSum = Schemas["RunSum"];
export type StepSum = Schemas["StepSum"];
export type CallSum = Schemas["CallSum"];

/** `whole`: all of the time; `before`: all of the time before it; `each`: its hours or days apart. */
type Part = "whole" | "before" | "each";
type Asked = Pick<Filters, "period" | "agents">;

/** What has ended is counted a few seconds later. */
const AGAIN_MS = 60_000;

export function runsQuery({ period, agents }: Asked, part: Part, by?: "agent" | "version") {
  return queryOptions({
    queryKey: ["figures", "runs", period, agents, part, by],
    queryFn: async ({ signal }) => {
      const { each, ...times } = timesIn(period, part);
      const query = { ...times, ...agentsIn(agents), by, ...(part === "each" && { each }) };
      return { each, ...(await unwrap(api.GET("/api/v1/metrics/runs", { params: { query }, signal }))) };
    },
    refetchInterval: AGAIN_MS,
  });
}

export function stepsQuery({ period, agents }: Asked) {
  return queryOptions({
    queryKey: ["figures", "steps", period, agents],
    queryFn: ({ signal }) => {
      const { since, until } = timesIn(period, "whole");
      const query = { since, until, ...agentsIn(agents) };
      return unwrap(api.GET("/api/v1/metrics/steps", { params: { query }, signal }));
    },
    refetchInterval: AGAIN_MS,
  });
}

export function costsQuery({ period, agents }: Asked, part: Part, by?: "model") {
  return queryOptions({
    queryKey: ["figures", "costs", period, agents, part, by],
    queryFn: async ({ signal }) => {
      const { each, ...times } = timesIn(period, part);
      const query = { ...times, ...agentsIn(agents), by, ...(part === "each" && { each }) };
      return { each, ...(await unwrap(api.GET("/api/v1/metrics/costs", { params: { query }, signal }))) };
    },
    refetchInterval: AGAIN_MS,
  });
}

/** What each agent cost since a time that is counted back from now. `name` tells such times apart. */
export function agentCostsQuery(name: string, since: (now: Date) => Date) {
  return queryOptions({
    queryKey: ["figures", "agent costs", name],
    queryFn: ({ signal }) => {
      const now = new Date();
      const query = { since: since(now).toISOString(), until: now.toISOString(), by: "agent" as const };
      return unwrap(api.GET("/api/v1/metrics/costs", { params: { query }, signal }));
    },
    refetchInterval: AGAIN_MS,
  });
}

function timesIn(period: Filters["period"], part: Part): Span & { each: Each } {
  const { since, until, before, each } = timesOf(period, new Date());
  return part === "before" ? { ...before, each } : { since, until, each };
}

function agentsIn(agents: readonly string[]) {
  return agents.length ? { agent: [...agents] } : {};
}
