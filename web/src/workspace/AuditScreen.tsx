import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useState } from "react";
import { agentsQuery } from "@/agents";
import { SettingsPage } from "@/shell";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { AuditFilterBar } from "./AuditFilterBar";
import { AuditList } from "./AuditList";
import { AuditTools, Verdict } from "./AuditTools";
import { type AuditFilters, auditQuery, NO_AUDIT_FILTERS, verifyAudit } from "./audit_queries";
import { type Member, membersQuery } from "./queries";

/** Who did what in the workspace. */
export function AuditScreen() {
  const [filters, setFilters] = useState(NO_AUDIT_FILTERS);
  const members = useQuery(membersQuery).data ?? [];
  const check = useMutation({ mutationFn: () => verifyAudit() });
  const onCheck = () => check.mutate();
  return (
    <SettingsPage title="Audit log">
      <Block
        title="Audit log"
        lead="Who did what, newest first. Each entry seals the one before it, so that a change afterwards shows."
        actions={<AuditTools filters={filters} isChecking={check.isPending} onCheck={onCheck} />}
      >
        {check.error && <ErrorNote problem={check.error} onRetry={onCheck} />}
        {check.data && <Verdict verdict={check.data} onDismiss={check.reset} />}
        <AuditFilterBar filters={filters} members={members} onChange={setFilters} />
        <Entries filters={filters} members={members} />
      </Block>
    </SettingsPage>
  );
}

/** The entries that pass, a page at a time. */
function Entries({ filters, members }: { filters: AuditFilters; members: readonly Member[] }) {
  const agents = useQuery({ ...agentsQuery, refetchInterval: false }).data?.agents ?? [];
  const list = useInfiniteQuery(auditQuery(filters));
  if (list.isPending) {
    return (
      <div role="status" className="flex flex-col gap-2">
        <span className="sr-only">Loading the audit log</span>
        {[0, 1, 2, 3, 4].map((i) => (
          <Skeleton key={i} className="h-14" />
        ))}
      </div>
    );
  }
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      {list.error && <ErrorNote problem={list.error} busy={list.isFetching} onRetry={() => void list.refetch()} />}
      {list.data && entries.length === 0 && (
        <EmptyState icon={ScrollText} title="Nothing fits these filters">
          Choose a longer time, or everybody.
        </EmptyState>
      )}
      {entries.length > 0 && (
        <AuditList entries={entries} names={new Map([...members, ...agents].map(({ id, name }) => [id, name]))} />
      )}
      {list.hasNextPage && (
        <Button className="self-start" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show older ones
        </Button>
      )}
    </>
  );
}
