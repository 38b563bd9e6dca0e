import { useQuery } from "@tanstack/react-query";
import { useSession } from "@/session";
import { secretsQuery } from "./queries";

/** The names of the workspace's secrets; null while (or where) they are not known. */
export function useSecretNames(): ReadonlySet<string> | null {
  const { may } = useSession();
  const { data } = useQuery({ ...secretsQuery, select: namesOf, enabled: may("secrets:read") });
  return data ?? null;
}

const namesOf = (secrets: readonly { name: string }[]): ReadonlySet<string> => new Set(secrets.map(({ name }) => name));
