import { useQuery } from "@tanstack/react-query";
import { FileText, GitCompare, Workflow } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useKinds } from "@/document/kinds";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorNote } from "@/ui/ErrorNote";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { SkeletonLines } from "@/ui/Skeleton";
import { Comparison } from "./Comparison";
import { nameOf, type Which } from "./place";
import { type Agent, type AgentText, textQuery, type VersionHead } from "./queries";
import { VersionActions } from "./VersionActions";
import type { GoOn } from "./VersionsScreen";

const Canvas = lazy(() => import("@/canvas").then((door) => ({ default: door.Canvas })));
const SpecPreviewText = lazy(() => import("@/spec_text").then((door) => ({ default: door.SpecPreviewText })));

interface VersionDetailProps {
  agent: Agent;
  versions: readonly VersionHead[];
  hasDraft: boolean;
  which: Which;
  against: Which | null;
  goOn: GoOn;
}

type View = "text" | "graph" | "changes";
const VIEWS = [
  { value: "text", label: "Text", icon: FileText },
  { value: "graph", label: "Graph", icon: Workflow },
  { value: "changes", label: "Changes", icon: GitCompare },
] as const;

/** One version: what it says, as text or as graph, what it changes, and what can be done with it. */
export function VersionDetail({ agent, versions, hasDraft, which, against, goOn }: VersionDetailProps) {
  const [view, setView] = useState<View>("text");
  const head = versions.find(({ number }) => number === which);
  const shown: View = against === null ? view : "changes";
  const other = comparedAtFirst(agent, versions, which) ?? (hasDraft && which !== "draft" ? "draft" : null);
  const show = (next: View) => {
    if (next !== "changes") setView(next);
    goOn({ chosen: which, against: next === "changes" ? other : null });
  };
  return (
    <section aria-label={nameOf(which)} className="flex min-w-0 flex-col gap-3">
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="text-lg font-semibold">{nameOf(which)}</h2>
        <VersionActions agent={agent} which={which} goOn={goOn} />
        {head && (
          <p className="flex w-full items-center gap-x-2 text-xs text-ink-faint">
            <span className="truncate font-mono">{head.content_hash}</span>
            <CopyButton text={head.content_hash} label="Copy the content hash" />
          </p>
        )}
      </header>
      <SegmentedControl
        label="Show"
        segments={other === null ? VIEWS.slice(0, 2) : VIEWS}
        value={shown}
        onChange={show}
      />
      {shown === "changes" && against !== null ? (
        <Comparison {...{ agent, versions, hasDraft, which, against, goOn }} />
      ) : (
        <Content agentId={agent.id} which={which} isGraph={shown === "graph"} />
      )}
    </section>
  );
}

/** What a version is compared with at first: the live one, else the one before it; null where there is no other. */
function comparedAtFirst(agent: Agent, versions: readonly VersionHead[], which: Which): number | null {
  if (agent.live_version !== null && agent.live_version !== which) return agent.live_version;
  const others = versions.map(({ number }) => number).filter((number) => number !== which);
  return others.find((number) => which === "draft" || number < which) ?? others[0] ?? null;
}

function Content({ agentId, which, isGraph }: { agentId: string; which: Which; isGraph: boolean }) {
  const { data, error, refetch } = useQuery(textQuery(agentId, which));
  if (error) return <ErrorNote problem={error} onRetry={() => void refetch()} />;
  return (
    <div className="h-[max(24rem,calc(100dvh-19rem))] overflow-hidden rounded-lg border border-line bg-paper">
      <Suspense fallback={<SkeletonLines lines={8} className="p-4" />}>
        {!data && <SkeletonLines lines={8} className="p-4" />}
        {data && !isGraph && <SpecPreviewText text={data.markdown} mode="preview" label={nameOf(which)} />}
        {data && isGraph && <Graph flow={data.flow} />}
      </Suspense>
    </div>
  );
}

function Graph({ flow }: { flow: AgentText["flow"] }) {
  const kinds = useKinds();
  const [selection, setSelection] = useState<string | null>(null);
  if (!flow) return <p className="p-4 text-sm text-ink-soft">The text has errors, and cannot be drawn.</p>;
  return <Canvas flow={flow} kinds={kinds} selection={selection} onSelect={setSelection} readOnly />;
}
