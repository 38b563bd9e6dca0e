import type { ReactNode } from "react";
import { Banner } from "@/ui/Banner";
import type { Outline } from "./outline";
import { failureOf } from "./types";
import type { RunView } from "./watch";
import { WaitNotes } from "./WaitNotes";
import { causeWords, stepWords } from "./words";

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
  return (
    <>
      {state === "reconnecting" && (
        <Banner tone="warn" title="The connection to the run is lost.">
          The run goes on by itself. What happens meanwhile is shown as soon as the server answers again.
        </Banner>
      )}
      <FailureNote view={view} outline={outline} action={action} />
      <WaitNotes view={view} outline={outline} />
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
