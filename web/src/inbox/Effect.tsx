import { CopyButton } from "@/ui/CopyButton";
import { Time } from "@/ui/Time";
import { Tree } from "@/ui/Tree";
import type { InboxDetail } from "./types";

/** What the step was given, all expressions in it worked out: exactly what it did, or was about to do. */
export function Effect({ item: { step, input, input_missing, intent, status } }: { item: InboxDetail }) {
  if (!step) return null;
  return (
    <section className="flex flex-col gap-2 text-sm">
      <h3 className="font-semibold">{status === "waiting" ? "What it was about to do" : "What the step was given"}</h3>
      <div className="max-h-72 overflow-y-auto rounded-md border border-line bg-paper px-3 py-2.5">
        {input ? (
          <Tree value={input} name="What the step was given" />
        ) : (
          <p className="text-ink-soft">{input_missing ?? "It is not known."}</p>
        )}
      </div>
      {intent && (
        <p className="flex flex-wrap items-center gap-x-2 text-ink-soft">
          Attempt {intent.attempt}, <Time at={intent.intended_at} />
          {intent.idempotency_key && (
            <span className="inline-flex min-w-0 items-center gap-1">
              under the key <code className="truncate font-mono text-xs">{intent.idempotency_key}</code>
              <CopyButton text={intent.idempotency_key} label="Copy the idempotency key" />
            </span>
          )}
        </p>
      )}
    </section>
  );
}
