import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "@/client";
import { Badge } from "@/ui/Badge";
import { cx } from "@/ui/cx";
import { Time } from "@/ui/Time";
import { canariesQuery, underWay } from "./canaries";
import { personName, useNames } from "./people";
import type { Which } from "./place";
import { type Agent, type VersionHead } from "./queries";

interface VersionListProps {
  agent: Agent;
  versions: readonly VersionHead[];
  draft: Schemas["AgentDraft"] | null;
  chosen: Which;
  onChoose: (which: Which) => void;
}

/** The draft, and every version with what it is to the agent. */
export function VersionList({ agent, versions, draft, chosen, onChoose }: VersionListProps) {
  const names = useNames();
  const canary = underWay(useInfiniteQuery(canariesQuery(agent.id)).data);
  const item = (which: Which, title: string, marks: ReactNode, note: string, facts: ReactNode) => (
    <li key={which}>
      <button
        type="button"
        aria-pressed={which === chosen}
        onClick={() => onChoose(which)}
        className={cx(
          "flex w-full flex-col gap-0.5 rounded-md px-3 py-2 text-left text-sm -outline-offset-2! max-sm:min-h-11",
          which === chosen ? "bg-selected" : "hover:bg-hover",
        )}
      >
        <span className="flex flex-wrap items-center gap-1.5">
          <span className="mr-0.5 font-medium">{title}</span>
          {marks}
        </span>
        {note && <span className="line-clamp-2 wrap-anywhere">{note}</span>}
        <span className="text-xs text-ink-faint">{facts}</span>
      </button>
    </li>
  );
  return (
    <ul
      aria-label="Versions"
      className="flex w-full flex-col gap-0.5 rounded-lg border border-line bg-paper p-1 max-md:max-h-72 md:max-h-[calc(100dvh-9rem)] overflow-y-auto"
    >
      {draft &&
        item(
          "draft",
          "Draft",
          <Badge tone="idle">Being edited</Badge>,
          "",
          <>
            {draft.updated_by?.name ?? "A program"}
            {draft.updated_at && (
              <>
                , <Time at={draft.updated_at} />
              </>
            )}
          </>,
        )}
      {versions.map(({ number, note, created_by, created_at, content_hash }) =>
        item(
          number,
          `Version ${number}`,
          <>
            {number === agent.live_version && <Badge tone="live">Live</Badge>}
            {number === canary?.version && <Badge tone="accent">Canary</Badge>}
          </>,
          note,
          <>
            {created_by === null ? "a program" : personName(created_by, names)}, <Time at={created_at} />
            <span className="font-mono"> · {content_hash.slice(0, 8)}</span>
          </>,
        ),
      )}
    </ul>
  );
}
