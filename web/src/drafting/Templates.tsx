import { useQuery } from "@tanstack/react-query";
import { templatesQuery } from "@/agents";
import { useKinds } from "@/document";
import { cx } from "@/ui/cx";
import { ErrorNote } from "@/ui/ErrorNote";
import { KindIcon } from "@/ui/KindIcon";
import { Skeleton } from "@/ui/Skeleton";
import type { Template } from "./queries";

const GRID = "grid grid-cols-1 gap-3 sm:grid-cols-2";
/** How many kinds a card shows. */
const SHOWN_KINDS = 5;

/** Whole agents to begin with. */
export function Templates({ onUse }: { onUse: (template: Template) => void }) {
  const { data, error, refetch, isFetching } = useQuery(templatesQuery);
  return (
    <section aria-labelledby="templates" className="flex flex-col gap-3">
      <h2 id="templates" className="text-lg font-semibold">
        Or begin with one that works
      </h2>
      {error ? (
        <ErrorNote problem={error} onRetry={() => void refetch()} busy={isFetching} />
      ) : (
        <ul className={GRID}>
          {data ? data.templates.map((one) => <Card key={one.id} template={one} onUse={onUse} />) : <Waiting />}
        </ul>
      )}
    </section>
  );
}

function Waiting() {
  return Array.from({ length: 6 }, (_, i) => (
    <li key={i}>
      <Skeleton className="h-38 rounded-lg" />
    </li>
  ));
}

function Card({ template, onUse }: { template: Template; onUse: (template: Template) => void }) {
  const kinds = useKinds();
  const { title, about, starts } = template;
  return (
    <li>
      <button
        type="button"
        onClick={() => onUse(template)}
        className={cx(
          "flex h-full w-full flex-col gap-2 rounded-lg border border-line bg-raised p-4 text-left shadow-card",
          "transition-colors duration-(--duration-quick) hover:border-line-strong hover:bg-paper",
        )}
      >
        <span className="flex items-center gap-1.5">
          {template.kinds.slice(0, SHOWN_KINDS).map((kind) => (
            <KindIcon key={kind} kind={kind} group={kinds.get(kind)?.group} framed />
          ))}
        </span>
        <span className="mt-1 font-medium">{title}</span>
        <span className="line-clamp-2 text-sm text-ink-soft text-pretty">{about}</span>
        <span className="mt-auto pt-1 text-xs text-ink-faint">Starts: {starts}</span>
      </button>
    </li>
  );
}
