import type { ReactNode } from "react";
import { Banner } from "@/ui/Banner";
import { Time } from "@/ui/Time";
import type { Outline } from "./outline";
import { failureOf } from "./types";
import type { RunView } from "./watch";
import { statusOf } from "./states";
import { causeWords, stepWords, waitingWords } from "./words";

/** What a person should know about how the run stands: why it failed, what it waits for, that the connection is lost. */
export function RunNotes({
  view,
  outline,
  action,
}: {
  view: RunView;
  outline: Outline;
  /** What can be done about the step that failed. */
  action?: (path: string) => ReactNode;
}) {
  const { run, state } = view;
  if (!run) return null;
  const waiting = waitingWords(run, outline, retries(view, outline) ? "retry" : "wait");
  return (
    <>
      {state === "reconnecting" && (
        <Banner tone="warn" title="The connection to the run is lost.">
          The run goes on by itself. What happens meanwhile is shown as soon as the server answers again.
        </Banner>
      )}
      <FailureNote view={view} outline={outline} action={action} />
      {waiting && (
        <Banner tone={run.ask === null ? "idle" : "warn"} title={waiting.title}>
          {waiting.next_step && <p>{waiting.next_step}</p>}
          {run.wake_at && run.ask === null && (
            <p>
              It goes on <Time at={run.wake_at} />.
            </p>
          )}
        </Banner>
      )}
    </>
  );
}

function FailureNote({ view: { run }, outline, action }: Parameters<typeof RunNotes>[0]) {
  const failure = failureOf(run?.failure);
  if (run?.status !== "failed" || !failure) return null;
  const cause = causeWords(run.cause);
  const { path } = failure;
  return (
    <Banner tone="bad" title={failure.message} action={path && action?.(path)} className="wrap-anywhere">
      {path && <p>It began in {stepWords(outline, path)}.</p>}
      {failure.next_step ? <p>{failure.next_step}</p> : cause && <p>{cause.next_step}</p>}
    </Banner>
  );
}

function retries({ run, steps }: RunView, outline: Outline): boolean {
  for (const step of steps.values()) if (statusOf(step, run, outline) === "retrying") return true;
  return false;
}
