/** Who did something, as they are called. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { membersQuery } from "@/client/members";

type Names = ReadonlyMap<string, string> | undefined;

/** The members of the workspace, id → name; undefined while that is not known. */
export function useNames(): Names {
  const { data } = useQuery(membersQuery);
  return useMemo(() => data && new Map(data.map(({ id, name }) => [id, name])), [data]);
}

/** A person by their name where they are still a member; undefined names: they are not known yet. */
export function personName(id: string, names: Names): string {
  return names ? (names.get(id) ?? "somebody who has left") : "somebody";
}

/** A person, a program, or Plainwork itself. */
export function actorName({ kind, id }: { kind: "user" | "api_key" | "system"; id: string }, names: Names): string {
  if (kind === "user") return personName(id, names);
  return kind === "api_key" ? "a program" : "Plainwork";
}
