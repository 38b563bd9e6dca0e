import { useInfiniteQuery } from "@tanstack/react-query";
import { Banner } from "@/ui/Banner";
import { LinkButton } from "@/ui/Button";
import { canariesQuery, underWay } from "./canaries";
import { versionsPath } from "./place";

const NOW_AND_THEN_MS = 30_000;

/** Says that a candidate takes a share of the runs, while one does. */
export function CanaryBanner({ agentId }: { agentId: string }) {
  const { data } = useInfiniteQuery({ ...canariesQuery(agentId), refetchInterval: NOW_AND_THEN_MS });
  const canary = underWay(data);
  if (!canary) return null;
  return (
    <Banner
      bar
      tone="live"
      title={`Canary: version ${canary.version} takes ${canary.share} of a hundred new runs.`}
      action={
        <LinkButton size="sm" href={versionsPath(agentId, { tab: "canary" })}>
          See how it fares
        </LinkButton>
      }
    />
  );
}
