import { useQuery } from "@tanstack/react-query";
import { api } from "@/client";
import { unwrap } from "@/client/problem";
import type { Kind } from "./types";

/** The installed step kinds by id and by alias. They stay the same while the server runs. */
export function useKinds(): ReadonlyMap<string, Kind> {
  const { data } = useQuery({ queryKey: ["kinds"], queryFn: loadKinds, staleTime: Infinity, gcTime: Infinity });
  return data ?? NONE;
}

const NONE: ReadonlyMap<string, Kind> = new Map();

async function loadKinds(): Promise<ReadonlyMap<string, Kind>> {
  const { kinds } = await unwrap(api.GET("/api/v1/kinds"));
  return kindsById(kinds);
}

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
