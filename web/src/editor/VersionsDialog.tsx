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
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { type Agent, setLive, type VersionHead, versionQuery, versionsQuery } from "./queries";

interface VersionsDialogProps {
  document: OpenDocument;
  agent: Agent;
  mayEdit: boolean;
  onClose: () => void;
}

/** The versions of the agent: each can be read, taken into the draft, or made live. */
export function VersionsDialog({ document, agent, mayEdit, onClose }: VersionsDialogProps) {
  const list = useInfiniteQuery(versionsQuery(agent.id));
  const versions = list.data?.pages.flatMap((page) => page.versions) ?? [];
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = chosen ?? newestOf(versions);
  const actions = shown !== null && mayEdit && (
    <VersionActions document={document} agent={agent} number={shown} onClose={onClose} />
  );
  const older = list.hasNextPage && (
    <Button size="sm" variant="ghost" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
      Show older ones
    </Button>
  );
  return (
    <Dialog open onClose={onClose} title="Versions" size="xl" footer={actions}>
      {list.error && <ErrorNote problem={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <SkeletonLines lines={6} />}
      {list.isSuccess && shown === null && <NoVersions />}
      {shown !== null && (
        <div className="grid h-[60vh] gap-3 max-sm:grid-rows-[10rem_1fr] sm:grid-cols-[16rem_1fr]">
          <div className="min-h-0 overflow-y-auto">
            <VersionList versions={versions} live={agent.live_version} chosen={shown} onChoose={setChosen} />
            {older}
          </div>
          <VersionText agentId={agent.id} number={shown} />
        </div>
      )}
    </Dialog>
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

function VersionActions({
  document,
  agent,
  number,
  onClose,
}: Omit<VersionsDialogProps, "mayEdit"> & { number: number }) {
  const { data } = useQuery(versionQuery(agent.id, number));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const restore = () => {
    if (!data) return;
    document.replace(data.markdown);
    toast.good(`The draft is version ${number} again.`, { label: "Undo", run: () => document.undo() });
    onClose();
  };
  const makeLive = async () => {
    setBusy(true);
    try {
      await setLive(agent.id, number);
      toast.good(`Version ${number} is live.`);
      onClose();
    } catch (why) {
      setProblem(why);
      setBusy(false);
    }
  };
  return (
    <>
      {problem !== null && <ErrorNote problem={problem} className="w-full" />}
      <Button disabled={!data} onClick={restore}>
        Take into the draft
      </Button>
      {number !== agent.live_version && (
        <Button variant="primary" busy={busy} onClick={() => void makeLive()}>
          {`Make version ${number} live`}
        </Button>
      )}
    </>
  );
}
