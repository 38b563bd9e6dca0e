import { useState } from "react";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { toast } from "@/ui/toast";
import { ReasonField, VersionField, type WhichVersion } from "./fields";
import { decideMany, refresh } from "./queries";
import type { DecidedOrNot, InboxItem } from "./types";
import { outcomeWords, refusals, runs } from "./words";

export type BulkAction = "retry" | "discard";

interface Props {
  /** Null: the window is closed. */
  action: BulkAction | null;
  items: readonly InboxItem[];
  onClose: () => void;
  /** All that could be done is done. */
  onDone: () => void;
}

/** Asks how, says what it will come to, does it, and says what could not be done and why. */
export function BulkDialog({ action, items, onClose, onDone }: Props) {
  const [version, setVersion] = useState<WhichVersion>("same");
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [results, setResults] = useState<DecidedOrNot[] | null>(null);
  const isRetry = action === "retry";
  const able = items.filter(({ actions }) => action !== null && actions.includes(action));
  const canGo = able.length > 0 && (isRetry || reason.trim() !== "");
  const close = () => {
    onClose();
    if (results) onDone();
    if (results || problem !== null) void refresh();
  };
  const run = async () => {
    setBusy(true);
    setProblem(null);
    const decision = isRetry
      ? { action: "retry" as const, version }
      : { action: "discard" as const, reason: reason.trim() };
    try {
      const told = await decideMany(
        able.map(({ id }) => id),
        decision,
      );
      const done = told.filter(({ problem }) => problem === null).length;
      if (done < told.length) return setResults(told);
      toast.good(outcomeWords(isRetry ? "retried" : "discarded", done));
      onClose();
      onDone();
      void refresh();
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={action !== null}
      onClose={close}
      title={isRetry ? `Retry ${runs(able.length)}?` : `Discard ${runs(able.length)}?`}
      size="sm"
      footer={
        results ? (
          <Button onClick={close}>Close</Button>
        ) : (
          <>
            <Button onClick={close}>Cancel</Button>
            <Button variant={isRetry ? "primary" : "danger"} busy={busy} disabled={!canGo} onClick={() => void run()}>
              {isRetry ? "Retry" : "Discard"}
            </Button>
          </>
        )
      }
    >
      {results ? (
        <Results results={results} />
      ) : (
        <div className="flex flex-col gap-4">
          <Preview action={action} able={able} left={items.length - able.length} />
          {isRetry ? (
            <VersionField value={version} onChange={setVersion} />
          ) : (
            <ReasonField value={reason} onChange={setReason} />
          )}
          {problem !== null && <ErrorNote problem={problem} />}
        </div>
      )}
    </Dialog>
  );
}

function Preview({ action, able, left }: { action: BulkAction | null; able: readonly InboxItem[]; left: number }) {
  const agents = new Map<string, number>();
  for (const { agent } of able) agents.set(agent.name, (agents.get(agent.name) ?? 0) + 1);
  const isOne = able.length === 1;
  const waiting = able.filter(({ status }) => status === "waiting").length;
  return (
    <div className="flex flex-col gap-2 text-sm text-ink-soft">
      <p>
        {action === "retry"
          ? `${isOne ? "It" : "Each"} is taken again from the step that failed, as a new run. What was done before that step is not done twice.`
          : `${isOne ? "It leaves" : "They leave"} the inbox, and nothing more is done.`}
        {action === "discard" && waiting > 0 && ` ${runs(waiting)} still waiting will be cancelled.`}
      </p>
      <ul className="flex flex-col gap-0.5">
        {[...agents].map(([name, count]) => (
          <li key={name} className="flex justify-between gap-3 text-ink">
            <bdi className="truncate">{name}</bdi>
            <span className="tabular-nums">{runs(count)}</span>
          </li>
        ))}
      </ul>
      {left > 0 && (
        <p>
          {runs(left)} of those chosen cannot be retried: {left === 1 ? "it waits" : "they wait"} for a decision of{" "}
          {left === 1 ? "its" : "their"} own. Open {left === 1 ? "it" : "them"}.
        </p>
      )}
    </div>
  );
}

function Results({ results }: { results: readonly DecidedOrNot[] }) {
  const done = results.filter(({ problem }) => problem === null);
  const [first] = done;
  return (
    <div className="flex flex-col gap-3 text-sm">
      {first?.did && <p>{outcomeWords(first.did, done.length)}</p>}
      {refusals(results).map(({ message, count }) => (
        <Banner key={message} tone="bad" title={`${runs(count)} not.`}>
          {message}
        </Banner>
      ))}
    </div>
  );
}
