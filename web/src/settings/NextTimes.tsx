import type { TriggerTimes } from "@/document";
import { useNow } from "@/ui/Time";
import { formatExact, formatSoon } from "@/ui/time";

/** When a schedule starts the next runs, in the zone of the person who looks. */
export function NextTimes({ times }: { times: TriggerTimes | undefined }) {
  const now = useNow();
  if (!now) return null;
  if (!times?.next.length) {
    return <p className="text-sm text-ink-soft">Nothing is planned: the phrase names no time to come.</p>;
  }
  return (
    <div>
      <p className="mb-1.5 text-sm font-medium">Next</p>
      <ol className="flex flex-col gap-1 rounded-md bg-sunken px-3 py-2 text-sm tabular-nums">
        {times.next.map((at) => (
          <li key={at} className="flex justify-between gap-3">
            <span>{formatSoon(at, now)}</span>
            <time dateTime={at} className="truncate text-ink-faint">
              {formatExact(at)}
            </time>
          </li>
        ))}
      </ol>
    </div>
  );
}
