/** What starts an agent: what is asked of the server about it, and changed there. All throw Problem. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";

export type Trigger = Schemas["Trigger"];
export type Delivery = Schemas["Delivery"];
export type Schedule = Schemas["ScheduleState"];
export type Tick = Schemas["Tick"];

const OFTEN_MS = 10_000;

export function triggersQuery(agent_id: string) {
  return queryOptions({
    queryKey: ["triggers", agent_id, "list"],
    queryFn: async ({ signal }) => {
      const params = { path: { agent_id } };
      return (await unwrap(api.GET("/api/v1/agents/{agent_id}/triggers", { params, signal }))).triggers;
    },
    refetchInterval: OFTEN_MS,
  });
}

/** One trigger with its last hundred deliveries. */
export function triggerQuery(agent_id: string, trigger_id: string) {
  return queryOptions({
    queryKey: ["triggers", agent_id, "one", trigger_id],
    queryFn: ({ signal }) => {
      const params = { path: { agent_id, trigger_id } };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/triggers/{trigger_id}", { params, signal }));
    },
  });
}

export function schedulesQuery(agent_id: string) {
  return queryOptions({
    queryKey: ["triggers", agent_id, "schedules"],
    queryFn: async ({ signal }) => {
      const params = { path: { agent_id } };
      return (await unwrap(api.GET("/api/v1/agents/{agent_id}/schedules", { params, signal }))).schedules;
    },
    refetchInterval: OFTEN_MS,
  });
}

/** What became of a schedule's times, the latest first. */
export function ticksQuery(agent_id: string, trigger_id: string) {
  return infiniteQueryOptions({
    queryKey: ["triggers", agent_id, "ticks", trigger_id],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<Schemas["TickPage"]> => {
      const params = {
        path: { agent_id, trigger_id },
        query: { limit: 10, ...(pageParam ? { before: pageParam } : {}) },
      };
      return unwrap(api.GET("/api/v1/agents/{agent_id}/schedules/{trigger_id}/ticks", { params, signal }));
    },
    getNextPageParam: (page) => page.next,
  });
}

function refresh(agent_id: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ["triggers", agent_id] });
}

export async function pauseTrigger(agent_id: string, trigger_id: string, paused: boolean): Promise<void> {
  const params = { path: { agent_id, trigger_id } };
  await unwrap(api.PATCH("/api/v1/agents/{agent_id}/triggers/{trigger_id}", { params, body: { paused } }));
  await refresh(agent_id);
}

export async function pauseSchedule(agent_id: string, trigger_id: string, paused: boolean): Promise<void> {
  const params = { path: { agent_id, trigger_id } };
  await unwrap(api.PATCH("/api/v1/agents/{agent_id}/schedules/{trigger_id}", { params, body: { paused } }));
  await refresh(agent_id);
}

/** Gives webhooks, forms and chats other addresses. */
export async function rotateAddress(agent_id: string): Promise<void> {
  await unwrap(api.POST("/api/v1/agents/{agent_id}/address", { params: { path: { agent_id } } }));
  await refresh(agent_id);
}

/** What a delivery would come to; with `start`, a run of it. */
export async function tryTrigger(agent_id: string, trigger_id: string, payload: unknown, start: boolean) {
  const params = { path: { agent_id, trigger_id } };
  const body = { payload, start };
  return unwrap(api.POST("/api/v1/agents/{agent_id}/triggers/{trigger_id}/test", { params, body }));
}

export type Gap = Pick<Schemas["Backfill"], "from" | "to"> & { pace: "one by one" | "at once"; preview: boolean };

/** Starts the runs of times that passed without one; with `preview`, only says which. */
export async function backfill(agent_id: string, trigger_id: string, gap: Gap): Promise<Schemas["Filled"]> {
  const params = { path: { agent_id, trigger_id } };
  const filled = await unwrap(
    api.POST("/api/v1/agents/{agent_id}/schedules/{trigger_id}/backfill", { params, body: gap }),
  );
  if (!gap.preview) await refresh(agent_id);
  return filled;
}

/** Calls off the times that wait to start; gives how many. */
export async function callOff(agent_id: string, trigger_id: string): Promise<number> {
  const params = { path: { agent_id, trigger_id } };
  const told = await unwrap(api.DELETE("/api/v1/agents/{agent_id}/schedules/{trigger_id}/backfill", { params }));
  await refresh(agent_id);
  return told.called_off;
}

/** What a poll would find now. */
export function lookAtPoll(agent_id: string, trigger_id: string): Promise<Schemas["Looked"]> {
  const params = { path: { agent_id, trigger_id } };
  return unwrap(api.POST("/api/v1/agents/{agent_id}/polls/{trigger_id}/look", { params }));
}

export async function hurryPoll(agent_id: string, trigger_id: string): Promise<void> {
  const params = { path: { agent_id, trigger_id } };
  await unwrap(api.POST("/api/v1/agents/{agent_id}/polls/{trigger_id}/hurry", { params }));
  await refresh(agent_id);
}

/** Has a poll begin anew. */
export async function forgetPoll(agent_id: string, trigger_id: string): Promise<void> {
  const params = { path: { agent_id, trigger_id } };
  await unwrap(api.POST("/api/v1/agents/{agent_id}/polls/{trigger_id}/forget", { params }));
  await refresh(agent_id);
}
