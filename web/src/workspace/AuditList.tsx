import { Link } from "@/navigation";
import { Time } from "@/ui/Time";
import type { AuditEntry } from "./audit_queries";
import { actionWords, actorWords, detailWords, targetHref } from "./audit_words";

/** The entries, each on one line where there is room. */
export function AuditList({ entries, names }: { entries: readonly AuditEntry[]; names: ReadonlyMap<string, string> }) {
  return (
    <ol aria-label="Entries" className="divide-y divide-line rounded-lg border border-line bg-paper text-sm">
      {entries.map((entry) => (
        <Row key={entry.seq} entry={entry} names={names} />
      ))}
    </ol>
  );
}

function Row({ entry, names }: { entry: AuditEntry; names: ReadonlyMap<string, string> }) {
  const href = targetHref(entry);
  const detail = detailWords(entry.detail);
  return (
    <li className="grid gap-x-4 gap-y-0.5 px-4 py-2.5 sm:grid-cols-[8rem_10rem_1fr]">
      <span className="text-ink-soft">
        <Time at={entry.at} />
      </span>
      <bdi className="truncate" title={entry.address ?? undefined}>
        {actorWords(entry, names)}
      </bdi>
      <div className="min-w-0">
        <p className="font-medium">
          {href ? (
            <Link href={href} className="text-link">
              {actionWords(entry.action)}
            </Link>
          ) : (
            actionWords(entry.action)
          )}
          <span className="ml-2 font-mono text-xs font-normal text-ink-faint">#{entry.seq}</span>
        </p>
        {detail && <p className="text-ink-soft wrap-anywhere line-clamp-3">{detail}</p>}
      </div>
    </li>
  );
}
