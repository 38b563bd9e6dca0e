import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useState } from "react";
import { SettingsPage } from "@/shell";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { AuditFilterBar } from "./AuditFilterBar";
import { AuditList } from "./AuditList";
import { AuditTools } from "./AuditTools";
import { auditQuery, NO_AUDIT_FILTERS } from "./audit_queries";
import { membersQuery } from "./queries";

/** Who did what in the workspace. */
export function AuditScreen() {
  const [filters, setFilters] = useState(NO_AUDIT_FILTERS);
  const members = useQuery(membersQuery).data ?? [];
  const list = useInfiniteQuery(auditQuery(filters));
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <SettingsPage title="Audit log">
      <Block
        title="Audit log"
        lead="Who did what, newest first. Each entry seals the one before it, so that a change afterwards shows."
      >
        <AuditTools filters={filters} />
        <AuditFilterBar filters={filters} members={members} onChange={setFilters} />
        {list.error && <ErrorNote problem={list.error} busy={list.isFetching} onRetry={() => void list.refetch()} />}
        {list.isPending && (
          <div role="status" className="flex flex-col gap-2">
            <span className="sr-only">Loading the audit log</span>
            {[0, 1, 2, 3, 4].map((i) => (
              <Skeleton key={i} className="h-14" />
            ))}
          </div>
        )}
        {list.data && entries.length === 0 && (
          <EmptyState icon={ScrollText} title="Nothing fits these filters">
            Choose a longer time, or everybody.
          </EmptyState>
        )}
        {entries.length > 0 && (
          <AuditList entries={entries} names={new Map(members.map(({ id, name }) => [id, name]))} />
        )}
        {list.hasNextPage && (
          <Button className="self-start" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show older ones
          </Button>
        )}
      </Block>
    </SettingsPage>
  );
}
