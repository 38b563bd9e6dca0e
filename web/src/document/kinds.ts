import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import type { Kind } from "./types";

/** What is installed stays the same while the server runs. */
const installedQuery = queryOptions({
  queryKey: ["kinds"],
  queryFn: () => unwrap(api.GET("/api/v1/kinds")),
  staleTime: Infinity,
  gcTime: Infinity,
});

/** The installed step kinds by id and by alias. */
export function useKinds(): ReadonlyMap<string, Kind> {
  return useQuery({ ...installedQuery, select: stepKinds }).data ?? NONE;
}

/** What can be polled, by id: its `input` are its settings, its `output` is one item. */
export function useTriggerKinds(): ReadonlyMap<string, Kind> {
  return useQuery({ ...installedQuery, select: triggerKinds }).data ?? NONE;
}

const NONE: ReadonlyMap<string, Kind> = new Map();
const stepKinds = ({ kinds }: Schemas["KindList"]) => kindsById(kinds);
const triggerKinds = ({ triggers }: Schemas["KindList"]) => kindsById(triggers);

/** Kinds under every name that documents may use for them; an id goes before an alias. */
export function kindsById(kinds: readonly Kind[]): ReadonlyMap<string, Kind> {
  const byId = new Map<string, Kind>();
  for (const kind of kinds) for (const alias of kind.aliases ?? []) byId.set(alias, kind);
  for (const kind of kinds) byId.set(kind.id, kind);
  return byId;
}

/** The kind of a step: `uses` and a node's `type` may carry a version (`http@1`). */
export function kindOf(kinds: ReadonlyMap<string, Kind>, uses: string): Kind | undefined {
  return kinds.get(uses.split("@")[0] ?? uses);
}
