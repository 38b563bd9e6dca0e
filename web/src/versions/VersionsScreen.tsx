import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { PencilLine } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import { asProblem } from "@/client/problem";
import { useGo, useParam, usePlace } from "@/navigation";
import { Page } from "@/shell";
import { Badge } from "@/ui/Badge";
import { LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton, SkeletonLines } from "@/ui/Skeleton";
import { Tabs } from "@/ui/Tabs";
import { AllVersions } from "./AllVersions";
import { canariesQuery, underWay } from "./canaries";
import { LiveHistory } from "./LiveHistory";
import { placeOf, type VersionsPlace, versionsPath } from "./place";
import { type Agent, agentQuery } from "./queries";

const CanaryTab = lazy(() => import("./CanaryTab").then((part) => ({ default: part.CanaryTab })));
const ShadowTab = lazy(() => import("./ShadowTab").then((part) => ({ default: part.ShadowTab })));

/** An agent's versions: what each says, how it differs from others, and the careful ways of making one live. */
export function VersionsScreen() {
  const agentId = useParam("agent");
  const { data: agent, error, refetch } = useQuery({ ...agentQuery(agentId ?? ""), enabled: agentId !== null });
  return (
    <Page
      wide
      title={agent ? `Versions of ${agent.name}` : "Versions"}
      actions={
        agentId && (
          <LinkButton href={`/agents/${agentId}`} icon={PencilLine} size="sm">
            Open in the editor
          </LinkButton>
        )
      }
    >
      {agent && <OfAgent agent={agent} />}
      {error && !agent && <NotThere problem={error} onRetry={() => void refetch()} />}
      {!agent && !error && <Loading />}
    </Page>
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

function NotThere({ problem, onRetry }: { problem: unknown; onRetry: () => void }) {
  if (asProblem(problem).status !== 404) return <ErrorNote problem={problem} onRetry={onRetry} />;
  return (
    <EmptyState title="There is no such agent" action={<LinkButton href="/">See all agents</LinkButton>}>
      It may have been deleted, or it belongs to another workspace.
    </EmptyState>
  );
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
