import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { OpenDocument } from "@/document";
import { SpecPreviewText } from "@/spec_text";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import { Tabs } from "@/ui/Tabs";
import { Time } from "@/ui/Time";
import { LiveHistory } from "./LiveHistory";
import { type Agent, type VersionHead, versionQuery, versionsQuery } from "./queries";
import { VersionActions } from "./VersionActions";

export interface VersionsDialogProps {
  document: OpenDocument;
  agent: Agent;
  mayEdit: boolean;
  onClose: () => void;
}

/** The versions of the agent: each can be read, taken into the draft, or made live. */
export function VersionsDialog(props: VersionsDialogProps) {
  const { agent, mayEdit, onClose } = props;
  const [tab, setTab] = useState<"versions" | "live">("versions");
  const [chosen, setChosen] = useState<number | null>(null);
  const list = useInfiniteQuery(versionsQuery(agent.id));
  const shown = chosen ?? newestOf(list.data?.pages.flatMap((page) => page.versions) ?? []);
  const actions = tab === "versions" && shown !== null && mayEdit && <VersionActions {...props} number={shown} />;
  return (
    <Dialog open onClose={onClose} title="Versions" size="xl" footer={actions}>
      <Tabs
        label="Versions"
        value={tab}
        onChange={setTab}
        panelClassName="pt-3"
        tabs={[
          { value: "versions", label: "All", panel: <AllVersions agent={agent} shown={shown} onChoose={setChosen} /> },
          { value: "live", label: "What was live", panel: <LiveHistory agent={agent} mayEdit={mayEdit} /> },
        ]}
      />
    </Dialog>
  );
}

interface AllVersionsProps {
  agent: Agent;
  shown: number | null;
  onChoose: (number: number) => void;
}

function AllVersions({ agent, shown, onChoose }: AllVersionsProps) {
  const list = useInfiniteQuery(versionsQuery(agent.id));
  const versions = list.data?.pages.flatMap((page) => page.versions) ?? [];
  const older = list.hasNextPage && (
    <Button size="sm" variant="ghost" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
      Show older ones
    </Button>
  );
  return (
    <>
      {list.error && <ErrorNote problem={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <SkeletonLines lines={6} />}
      {list.isSuccess && shown === null && <NoVersions />}
      {shown !== null && (
        <div className="grid h-[56vh] gap-3 max-sm:grid-rows-[10rem_1fr] sm:grid-cols-[16rem_1fr]">
          <div className="min-h-0 overflow-y-auto">
            <VersionList versions={versions} live={agent.live_version} chosen={shown} onChoose={onChoose} />
            {older}
          </div>
          <VersionText agentId={agent.id} number={shown} />
        </div>
      )}
    </>
  );
}

function newestOf([newest]: readonly VersionHead[]): number | null {
  return newest ? newest.number : null;
}

function NoVersions() {
  return (
    <p className="py-6 text-sm text-ink-soft">
      There is no version yet. Running the draft or making it live keeps one.
    </p>
  );
}

interface VersionListProps {
  versions: VersionHead[];
  live: number | null;
  chosen: number | null;
  onChoose: (number: number) => void;
}

function VersionList({ versions, live, chosen, onChoose }: VersionListProps) {
  return (
    <ul aria-label="Versions" className="flex flex-col gap-0.5">
      {versions.map(({ number, note, created_at }) => (
        <li key={number}>
          <button
            type="button"
            aria-pressed={number === chosen}
            onClick={() => onChoose(number)}
            className={cx(
              "flex w-full flex-col gap-0.5 rounded-md px-3 py-2 text-left text-sm -outline-offset-2! max-sm:min-h-11",
              number === chosen ? "bg-selected" : "hover:bg-hover",
            )}
          >
            <span className="flex items-center gap-2">
              <span className="font-medium">Version {number}</span>
              {number === live && <Badge tone="live">live</Badge>}
            </span>
            <span className="truncate text-xs text-ink-faint">
              <Time at={created_at} />
              {note && ` · ${note}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function VersionText({ agentId, number }: { agentId: string; number: number }) {
  const { data, error, refetch } = useQuery(versionQuery(agentId, number));
  if (error) return <ErrorNote problem={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonLines lines={8} className="p-4" />;
  return (
    <div className="min-h-0 overflow-hidden rounded-md border border-line">
      <SpecPreviewText text={data.markdown} mode="preview" label={`Version ${number}`} />
    </div>
  );
}
