import { useQuery } from "@tanstack/react-query";
import { useSession } from "@/session";
import { cx } from "@/ui/cx";
import { approvalCountQuery, MOST_COUNTED, runCountQuery } from "./queries";

/** How much waits for this person, as a small number; nothing where nothing does. */
export function InboxCount({ className }: { className?: string }) {
  const { approvals, runs } = useInboxCounts();
  const count = (approvals ?? 0) + (runs ?? 0);
  if (count === 0) return null;
  return (
    <span
      className={cx(
        "inline-flex h-4.5 min-w-4.5 items-center justify-center rounded-full bg-accent px-1 text-xs font-medium tabular-nums text-on-accent",
        className,
      )}
    >
      {count >= MOST_COUNTED ? "99+" : count}
      <span className="sr-only"> waiting</span>
    </span>
  );
}

/** The two numbers; undefined while they are not known. */
export function useInboxCounts(): { approvals: number | undefined; runs: number | undefined } {
  const { may } = useSession();
  const approvals = useQuery({ ...approvalCountQuery, enabled: may("approvals:read") });
  const runs = useQuery({ ...runCountQuery, enabled: may("runs:read") });
  return { approvals: approvals.data, runs: runs.data };
}
