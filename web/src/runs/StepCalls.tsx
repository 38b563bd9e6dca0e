import type { ReactNode } from "react";
import { formatMs } from "@/ui/duration";
import { formatUsd } from "@/ui/money";
import { StatusBadge } from "@/ui/StatusBadge";
import { Time } from "@/ui/Time";
import type { ModelCall } from "./types";

/** Every call of a model that a step made. */
export function StepCalls({ calls }: { calls: readonly ModelCall[] }) {
  return (
    <ol className="flex flex-col divide-y divide-line">
      {calls.map((call, i) => (
        <li key={i} className="flex flex-col gap-2 py-3 first:pt-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <span className="min-w-0 truncate font-mono">
              {call.provider}:{call.model}
            </span>
            <StatusBadge status={call.status} />
            <Time at={call.at} className="text-ink-soft" />
          </div>
          {call.failure && <p className="text-sm text-bad wrap-anywhere">{call.failure}</p>}
          <dl className="grid grid-cols-2 gap-x-6 gap-y-1 text-sm sm:grid-cols-3">
            <Figure name="Tokens in">{call.input_tokens.toLocaleString("en")}</Figure>
            <Figure name="Tokens out">{call.output_tokens.toLocaleString("en")}</Figure>
            <Figure name="Cost">{call.cost_usd === null ? "not known" : formatUsd(call.cost_usd)}</Figure>
            <Figure name="Took">{formatMs(call.latency_ms)}</Figure>
            {call.first_token_ms !== null && <Figure name="First word">{formatMs(call.first_token_ms)}</Figure>}
          </dl>
        </li>
      ))}
    </ol>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-faint">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}
