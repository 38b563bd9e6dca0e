/** The audit log: what is asked of it, which is what a person has chosen. All throw Problem. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";

export type AuditEntry = Schemas["AuditEntry"];
export type AuditVerdict = Schemas["AuditVerdict"];

/** Empty texts: everything. Days are those of the person's zone, the last one included. */
export interface AuditFilters {
  /** What actions begin with, such as `member.`. */
  action: string;
  /** A person's id. */
  person: string;
  from: string;
  to: string;
}

export const NO_AUDIT_FILTERS: AuditFilters = { action: "", person: "", from: "", to: "" };

/** What the filters come to in the words of the API. */
export function auditQueryOf({ action, person, from, to }: AuditFilters) {
  return {
    ...(action ? { action } : {}),
    ...(person ? { actor: `user:${person}` } : {}),
    ...(from ? { since: startOfDay(from, 0) } : {}),
    ...(to ? { until: startOfDay(to, 1) } : {}),
  };
}

function startOfDay(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ["workspace", "audit", filters],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...auditQueryOf(filters), limit: 50, ...(pageParam === null ? {} : { before: pageParam }) };
      return unwrap(api.GET("/api/v1/audit", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next,
  });
}

/** Checks the whole chain. */
export function verifyAudit(): Promise<AuditVerdict> {
  return unwrap(api.GET("/api/v1/audit/verify"));
}

/** The entries that pass, as the text of a file. */
export function exportAudit(filters: AuditFilters, format: "jsonl" | "csv"): Promise<string> {
  const query = { ...auditQueryOf(filters), format };
  return unwrap(api.GET("/api/v1/audit/export", { params: { query }, parseAs: "text" }));
}
