import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import { AgentPage } from "@/agents";
import { useGo, usePlace } from "@/navigation";
import { Badge } from "@/ui/Badge";
import { Skeleton, SkeletonLines } from "@/ui/Skeleton";
import { Tabs } from "@/ui/Tabs";
import { AllVersions } from "./AllVersions";
import { canariesQuery, underWay } from "./canaries";
import { LiveHistory } from "./LiveHistory";
import { placeOf, type VersionsPlace, versionsPath } from "./place";
import type { Agent } from "./queries";

const CanaryTab = lazy(() => import("./CanaryTab").then((part) => ({ default: part.CanaryTab })));
const ShadowTab = lazy(() => import("./ShadowTab").then((part) => ({ default: part.ShadowTab })));

/** An agent's versions: what each says, how it differs from others, and the careful ways of making one live. */
export function VersionsScreen() {
  return (
    <AgentPage wide title={(agent) => (agent ? `Versions of ${agent.name}` : "Versions")} loading={<Loading />}>
      {(agent) => <OfAgent agent={agent} />}
    </AgentPage>
  );
}

/** Goes on to another place of this screen; the history keeps none of them. */
export type GoOn = (place: Partial<VersionsPlace>) => void;

function OfAgent({ agent }: { agent: Agent }) {
  const go = useGo();
  const { params } = usePlace();
  const place = placeOf(params);
  const goOn: GoOn = (next) => go(versionsPath(agent.id, { ...place, ...next }), { replace: true });
  const canary = underWay(useInfiniteQuery(canariesQuery(agent.id)).data);
  return (
    <Tabs
      label="Versions"
      value={place.tab}
      onChange={(tab) => goOn({ tab })}
      panelClassName="pt-5"
      tabs={[
        { value: "all", label: "All versions", panel: <AllVersions agent={agent} place={place} goOn={goOn} /> },
        {
          value: "canary",
          label: "Canary",
          mark: canary && <Badge tone="live">{`${canary.share} %`}</Badge>,
          panel: later(<CanaryTab agent={agent} chosen={place.chosen} />),
        },
        { value: "shadow", label: "Shadow replay", panel: later(<ShadowTab agent={agent} chosen={place.chosen} />) },
        { value: "live", label: "What was live", panel: <LiveHistory agent={agent} /> },
      ]}
    />
  );
}

/** A part whose code comes when it is first looked at. */
function later(part: ReactNode): ReactNode {
  return <Suspense fallback={<SkeletonLines lines={6} />}>{part}</Suspense>;
}

function Loading() {
  return (
    <div role="status" className="grid gap-5 md:grid-cols-[18rem_1fr]">
      <span className="sr-only">Loading the versions</span>
      <Skeleton className="h-60" />
      <Skeleton className="h-96" />
    </div>
  );
}
