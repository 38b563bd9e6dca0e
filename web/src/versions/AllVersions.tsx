import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Layers } from "lucide-react";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import type { VersionsPlace } from "./place";
import { type Agent, draftQuery, versionsQuery } from "./queries";
import { VersionDetail } from "./VersionDetail";
import { VersionList } from "./VersionList";
import type { GoOn } from "./VersionsScreen";

interface AllVersionsProps {
  agent: Agent;
  place: VersionsPlace;
  goOn: GoOn;
}

/** All versions, the newest first, and beside them the one that was chosen. */
export function AllVersions({ agent, place, goOn }: AllVersionsProps) {
  const list = useInfiniteQuery(versionsQuery(agent.id));
  const draft = useQuery(draftQuery(agent.id));
  const error = list.error ?? draft.error;
  if (error) return <ErrorNote problem={error} onRetry={() => void Promise.all([list.refetch(), draft.refetch()])} />;
  if (!list.data || !draft.data) return <SkeletonLines lines={6} label="Loading the versions" />;
  const versions = list.data.pages.flatMap((page) => page.versions);
  const edited = draft.data.revision > 0 ? draft.data : null;
  const shown = place.chosen ?? versions[0]?.number ?? (edited && "draft");
  if (shown === null) return <NoVersions />;
  return (
    <div className="grid items-start gap-5 md:grid-cols-[18rem_minmax(0,1fr)]">
      <div className="flex flex-col items-start gap-1 md:sticky md:top-5">
        <VersionList
          agent={agent}
          versions={versions}
          draft={edited}
          chosen={shown}
          onChoose={(chosen) => goOn({ chosen, against: place.against === chosen ? null : place.against })}
        />
        {list.hasNextPage && (
          <Button size="sm" variant="ghost" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show older ones
          </Button>
        )}
      </div>
      <VersionDetail
        agent={agent}
        versions={versions}
        hasDraft={edited !== null}
        which={shown}
        against={place.against}
        goOn={goOn}
      />
    </div>
  );
}

function NoVersions() {
  return (
    <EmptyState icon={Layers} title="There is no version yet">
      Running the draft or making it live keeps one, and it never changes afterwards.
    </EmptyState>
  );
}
