import { useQuery } from "@tanstack/react-query";
import { Link } from "@/navigation";
import { StatusBadge } from "@/ui/StatusBadge";
import { nameOf, type Outline } from "./outline";
import { nodeOf } from "./paths";
import { aroundQuery } from "./queries";
import type { Run } from "./types";
import type { RunView } from "./watch";

const LINK = "rounded-sm underline decoration-line-strong underline-offset-4 hover:decoration-current";

/** Whether there is anything to say about where a run comes from. */
export function hasOrigin({ parent_run_id, origin_run_id }: Run): boolean {
  return parent_run_id !== null || origin_run_id !== null;
}

/** The runs that this one comes of. */
export function RunOrigin({ run: { parent_run_id, origin_run_id, origin_step } }: { run: Run }) {
  return (
    <ul className="flex flex-col gap-1.5 text-sm">
      {parent_run_id && (
        <li>
          Another agent called it:{" "}
          <Link href={`/runs/${parent_run_id}`} className={LINK}>
            open its run
          </Link>
        </li>
      )}
      {origin_run_id && (
        <li>
          It takes an earlier run again{origin_step && ` from “${nodeOf(origin_step)}” on`}:{" "}
          <Link href={`/runs/${origin_run_id}`} className={LINK}>
            open the earlier one
          </Link>
        </li>
      )}
    </ul>
  );
}

/** The runs of other agents that this one has started; nothing where there are none. */
export function RunChildren({ view, outline }: { view: RunView; outline: Outline }) {
  const { data } = useQuery(aroundQuery(view));
  if (!data?.children.length) return null;
  return (
    <div className="flex flex-col gap-2">
      <h2 className="text-sm font-semibold">Runs it has started</h2>
      <ul className="divide-y divide-line rounded-md border border-line">
        {data.children.map(({ id, agent, path, status }) => (
          <li key={id} className="relative flex items-center gap-3 px-3 py-2 text-sm hover:bg-raised">
            <Link
              href={`/runs/${id}`}
              className="min-w-0 grow truncate after:absolute after:inset-0 after:content-['']"
            >
              <bdi className="font-medium">{agent}</bdi>
              <span className="text-ink-soft"> by “{nameOf(outline, nodeOf(path))}”</span>
            </Link>
            <StatusBadge status={status} />
          </li>
        ))}
      </ul>
    </div>
  );
}
