import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "@/navigation";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { StatusBadge } from "@/ui/StatusBadge";
import { Time } from "@/ui/Time";
import { type Delivery, type Trigger, triggerQuery } from "./queries";
import { sizeWords } from "./words";

const FEW = 5;

/** The last deliveries, also those that were refused. */
export function Deliveries({ agentId, trigger }: { agentId: string; trigger: Trigger }) {
  const [isAll, setAll] = useState(false);
  const all = useQuery({ ...triggerQuery(agentId, trigger.id), enabled: isAll });
  const deliveries = isAll ? (all.data?.deliveries ?? trigger.deliveries) : trigger.deliveries.slice(0, FEW);
  return (
    <div>
      <h3 className="mb-1.5 text-sm font-medium">Last deliveries</h3>
      {deliveries.length === 0 && <p className="text-sm text-ink-soft">Nothing has come yet.</p>}
      {deliveries.length > 0 && (
        <ul aria-label="Last deliveries" className="divide-y divide-line rounded-md border border-line text-sm">
          {deliveries.map((one) => (
            <Row key={one.id} delivery={one} />
          ))}
        </ul>
      )}
      {!isAll && trigger.deliveries.length > FEW && (
        <Button size="sm" variant="ghost" className="mt-2" onClick={() => setAll(true)}>
          Show the last hundred
        </Button>
      )}
    </div>
  );
}

function Row({ delivery: { at, status, reason, run_id, run_status, address, size } }: { delivery: Delivery }) {
  const facts = [address, size === null ? null : sizeWords(size)].filter(Boolean).join(" · ");
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
      <Time at={at} className="w-32 shrink-0 text-ink-soft" />
      {run_id ? (
        <Link href={`/runs/${run_id}`} className="text-link shrink-0 gap-2">
          Run {run_status && <StatusBadge status={run_status} />}
        </Link>
      ) : (
        <Badge tone="bad">Refused{status === null ? "" : ` with ${status}`}</Badge>
      )}
      {reason && <span className="min-w-0 flex-1 basis-48 wrap-anywhere max-sm:basis-full">{reason}</span>}
      {facts && <span className="text-ink-faint sm:ml-auto">{facts}</span>}
    </li>
  );
}
