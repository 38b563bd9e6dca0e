import { useQuery } from "@tanstack/react-query";
import { useSession } from "@/session";
import { type Service, servicesQuery } from "./queries";

/** The service that a step of this kind (`airtable.create`) calls, where its accounts can be connected. */
export function useService(kindId: string): Service | undefined {
  const { may } = useSession();
  const { data } = useQuery({ ...servicesQuery, enabled: may("secrets:read") });
  return data?.find(({ connector }) => kindId.startsWith(`${connector}.`));
}
