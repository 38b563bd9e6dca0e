import { useState } from "react";
import { useGo, usePlace } from "@/navigation";
import { Page } from "@/shell";
import { Tabs } from "@/ui/Tabs";
import { Approvals } from "./Approvals";
import { filtersOf, hrefOf, type InboxTab, tabOf } from "./filters";
import { useInboxCounts } from "./InboxCount";
import { MOST_COUNTED } from "./queries";
import { StoppedRuns } from "./StoppedRuns";

/** What waits for a person: questions of runs, and runs that cannot go on by themselves. */
export function InboxScreen() {
  const { params, isReady } = usePlace();
  const go = useGo();
  const counts = useInboxCounts();
  const first = useFirstTab(counts);
  const tab = tabOf(params) ?? first;
  return (
    <Page title="Inbox" wide>
      <Tabs
        label="What waits"
        value={tab}
        onChange={(next) => go(hrefOf(next), { replace: true })}
        flush
        className="-mt-2"
        panelClassName="pt-4"
        tabs={[
          {
            value: "approvals",
            label: "Approvals",
            mark: <Mark count={counts.approvals} isCut={counts.approvals === MOST_COUNTED} />,
            panel: <Approvals />,
          },
          {
            value: "runs",
            label: "Runs that need a person",
            mark: <Mark count={counts.runs} />,
            panel: isReady && (
              <StoppedRuns
                filters={filtersOf(params)}
                onFilter={(next) => go(hrefOf("runs", next), { replace: true })}
              />
            ),
          },
        ]}
      />
    </Page>
  );
}

/** The tab that opens by itself: approvals, unless only runs wait. It stays the same once it is known. */
function useFirstTab({ approvals, runs }: ReturnType<typeof useInboxCounts>): InboxTab {
  const [tab, setTab] = useState<InboxTab | null>(null);
  if (tab === null && approvals !== undefined && runs !== undefined) {
    setTab(approvals === 0 && runs > 0 ? "runs" : "approvals");
  }
  return tab ?? "approvals";
}

/** `isCut`: there may be more. */
function Mark({ count, isCut }: { count: number | undefined; isCut?: boolean }) {
  if (!count) return null;
  return (
    <span className="rounded-sm bg-sunken px-1 text-xs tabular-nums text-ink-soft">
      {count.toLocaleString("en")}
      {isCut && "+"}
    </span>
  );
}
