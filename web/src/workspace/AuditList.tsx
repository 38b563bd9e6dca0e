import type { ReactNode } from "react";
import { Link } from "@/navigation";
import { Time } from "@/ui/Time";
import type { AuditEntry } from "./audit_queries";
import { actionWords, actorWords, detailWords, targetHref, targetWords } from "./audit_words";

interface Names {
  /** Of agents and members, by id. */
  names: ReadonlyMap<string, string>;
}

/** The entries: what was done on the left, when and by whom beside it, or above it where there is no room. */
export function AuditList({ entries, names }: Names & { entries: readonly AuditEntry[] }) {
  return (
    <ol aria-label="Entries" className="divide-y divide-line rounded-lg border border-line bg-paper text-sm">
      {entries.map((entry) => (
        <Row key={entry.seq} entry={entry} names={names} />
      ))}
    </ol>
  );
}

function Row({ entry, names }: Names & { entry: AuditEntry }) {
  const detail = detailWords(entry.detail);
  return (
    <li className="flex flex-wrap gap-x-4 gap-y-0.5 px-4 py-2.5 sm:grid sm:grid-cols-[8rem_9rem_1fr_auto]">
      <Time at={entry.at} className="order-2 text-ink-soft sm:order-none" />
      <bdi className="min-w-0 truncate max-sm:grow" title={entry.address ?? undefined}>
        {actorWords(entry, names)}
      </bdi>
      <div className="order-3 min-w-0 max-sm:basis-full sm:order-none">
        <p className="wrap-anywhere">
          <Deed entry={entry} names={names} />
        </p>
        {detail && <p className="line-clamp-2 text-ink-faint wrap-anywhere">{detail}</p>}
      </div>
      <span className="text-right font-mono text-xs leading-5 text-ink-faint max-sm:hidden">#{entry.seq}</span>
    </li>
  );
}

/** What was done, and to what; the link is on the name, or where there is none, on the deed. */
function Deed({ entry, names }: Names & { entry: AuditEntry }) {
  const href = targetHref(entry);
  const name = targetWords(entry, names);
  const deed = <span className="font-medium">{actionWords(entry.action)}</span>;
  const linked = (what: ReactNode) =>
    href === null ? (
      what
    ) : (
      <Link href={href} className="text-link">
        {what}
      </Link>
    );
  if (name === "") return linked(deed);
  return (
    <>
      {deed} {linked(<bdi>{name}</bdi>)}
    </>
  );
}
