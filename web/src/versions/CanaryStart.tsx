import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "@/session";
import { Banner } from "@/ui/Banner";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { NumberInput } from "@/ui/NumberInput";
import { Select } from "@/ui/Select";
import { SkeletonLines } from "@/ui/Skeleton";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { beginCanary, type Canary } from "./canaries";
import type { Which } from "./place";
import { type Agent, type VersionHead, versionsQuery } from "./queries";
import { isShare, ShareField } from "./ShareField";
import { useGate } from "./useGate";

const LEAD =
  "A candidate takes a share of the agent's new runs, whatever starts them, while the rest go to the live version. It acts for real.";

interface CanaryStartProps {
  agent: Agent;
  chosen: Which | null;
  /** The one before. */
  last: Canary | null;
}

/** Begins a canary, or says why none can be begun. */
export function CanaryStart({ agent, chosen, last }: CanaryStartProps) {
  return (
    <Block title="Try a version as a canary" lead={LEAD}>
      {last?.outcome === "rolled_back" && (
        <Banner tone="bad" title={`Version ${last.version} was rolled back by itself.`}>
          {last.reason} {last.ended_at && <Time at={last.ended_at} />}
        </Banner>
      )}
      <Start agent={agent} chosen={chosen} last={last} />
    </Block>
  );
}

function Start({ agent, chosen, last }: CanaryStartProps) {
  const mayEdit = useSession().may("agents:write");
  const { data, error, refetch } = useInfiniteQuery(versionsQuery(agent.id));
  if (agent.live_version === null) {
    return (
      <EmptyState title="No version is live">
        A candidate is measured against the live version. Make one live first.
      </EmptyState>
    );
  }
  if (!mayEdit) return <p className="text-sm text-ink-soft">Editors of the workspace can begin one.</p>;
  if (error) return <ErrorNote problem={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonLines lines={4} />;
  const candidates = data.pages.flatMap((page) => page.versions).filter(({ number }) => number !== agent.live_version);
  const first =
    candidates.find(({ number }) => number === chosen) ??
    candidates.find(({ number }) => number !== last?.version) ??
    candidates[0];
  if (!first) {
    return (
      <EmptyState title="There is no other version">
        Run the changed draft once: that keeps it as a version, which can then be tried here.
      </EmptyState>
    );
  }
  return <StartForm agent={agent} candidates={candidates} first={first.number} />;
}

interface StartFormProps {
  agent: Agent;
  candidates: readonly VersionHead[];
  first: number;
}

function StartForm({ agent, candidates, first }: StartFormProps) {
  const [version, setVersion] = useState(first);
  const [share, setShare] = useState<number | null>(10);
  const [leastRuns, setLeastRuns] = useState<number | null>(20);
  const [margin, setMargin] = useState<number | null>(10);
  const terms =
    isShare(share) && isBetween(leastRuns, 1, 10_000) && isBetween(margin, 0, 100)
      ? { version, share, least_runs: leastRuns, margin: margin / 100 }
      : null;
  const { busy, isForced, run, notes } = useGate(async (reason) => {
    if (!terms) return;
    await beginCanary(agent.id, reason === null ? terms : { ...terms, override: true, reason });
    toast.good(`Version ${version} takes ${terms.share} of a hundred new runs.`);
  });
  return (
    <form
      className="flex max-w-140 flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (terms && !busy) run();
      }}
    >
      <Field label="Candidate" hint={`It has to take the same inputs as version ${agent.live_version}, which is live.`}>
        <Select
          value={String(version)}
          options={candidates.map(({ number, note }) => ({
            value: String(number),
            label: `Version ${number}`,
            hint: note || undefined,
          }))}
          onChange={(next) => setVersion(Number(next))}
        />
      </Field>
      <ShareField value={share} onChange={setShare} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Judge it after so many runs"
          hint="Runs of the candidate that have ended."
          error={!isBetween(leastRuns, 1, 10_000) && "A number from 1 to 10,000."}
        >
          <NumberInput whole value={leastRuns} onChange={setLeastRuns} />
        </Field>
        <Field
          label="It may fail more often by"
          hint="Of a hundred runs. Beyond that it is rolled back by itself."
          error={!isBetween(margin, 0, 100) && "A number from 0 to 100."}
        >
          <NumberInput value={margin} onChange={setMargin} />
        </Field>
      </div>
      {notes}
      <Button
        type="submit"
        variant={isForced ? "danger" : "primary"}
        busy={busy}
        disabled={!terms}
        className="self-start"
      >
        {isForced ? "Begin all the same" : "Begin the canary"}
      </Button>
    </form>
  );
}

function isBetween(value: number | null, least: number, most: number): value is number {
  return value !== null && value >= least && value <= most;
}
