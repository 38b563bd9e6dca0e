import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Badge } from "@/ui/Badge";
import { ErrorNote } from "@/ui/ErrorNote";
import { Select } from "@/ui/Select";
import { SkeletonLines } from "@/ui/Skeleton";
import { type ChangedSetting, changedSteps, HOWS, isSameAgent } from "./changes";
import { inSentence, nameOf, type Which, whichOf } from "./place";
import { type Agent, changesQuery, textQuery, type VersionHead } from "./queries";
import type { GoOn } from "./VersionsScreen";

const Difference = lazy(() => import("@/spec_text").then((door) => ({ default: door.Difference })));

interface ComparisonProps {
  agent: Agent;
  versions: readonly VersionHead[];
  hasDraft: boolean;
  which: Which;
  against: Which;
  goOn: GoOn;
}

/** What changed from one version to another: in words, step by step, and in the text. */
export function Comparison({ agent, versions, hasDraft, which, against, goOn }: ComparisonProps) {
  const before = useQuery(textQuery(agent.id, against));
  const after = useQuery(textQuery(agent.id, which));
  const error = before.error ?? after.error;
  const others: Which[] = [...(hasDraft ? (["draft"] as const) : []), ...versions.map(({ number }) => number)];
  if (!others.includes(against)) others.push(against);
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <span>Compared with</span>
        <Select
          label="Compared with"
          size="sm"
          className="w-44!"
          value={String(against)}
          options={others
            .filter((one) => one !== which)
            .map((one) => ({
              value: String(one),
              label: nameOf(one),
              hint: one === agent.live_version ? "live" : undefined,
            }))}
          onChange={(next) => goOn({ against: whichOf(next) })}
        />
      </div>
      {error && <ErrorNote problem={error} onRetry={() => void Promise.all([before.refetch(), after.refetch()])} />}
      {before.data && after.data ? (
        <>
          <InWords before={before.data.markdown} after={after.data.markdown} from={against} to={which} />
          <section className="flex flex-col gap-2">
            <h3 className="font-semibold">In the text</h3>
            <Suspense fallback={<SkeletonLines lines={8} />}>
              <Difference
                before={before.data.markdown}
                after={after.data.markdown}
                names={[nameOf(against), nameOf(which)]}
              />
            </Suspense>
          </section>
        </>
      ) : (
        !error && <SkeletonLines lines={8} />
      )}
    </div>
  );
}

function InWords({ before, after, from, to }: { before: string; after: string; from: Which; to: Which }) {
  const { data: diff, error, refetch } = useQuery(changesQuery(before, after));
  if (error) return <ErrorNote problem={error} onRetry={() => void refetch()} />;
  if (!diff) return <SkeletonLines lines={4} />;
  if (isSameAgent(diff)) {
    return (
      <p className="text-sm text-ink-soft">
        {before === after
          ? "The texts are the same."
          : `Only the wording differs: ${inSentence(to)} does what ${inSentence(from)} does.`}
      </p>
    );
  }
  const steps = changedSteps(diff);
  return (
    <>
      <section className="flex flex-col gap-2">
        <h3 className="font-semibold">In words</h3>
        <ul aria-label="In words" className="flex list-disc flex-col gap-1 pl-5 text-sm wrap-anywhere">
          {diff.summary?.map((sentence, i) => (
            <li key={i}>{sentence}</li>
          ))}
        </ul>
      </section>
      {steps.length > 0 && (
        <section className="flex flex-col gap-2">
          <h3 className="font-semibold">Step by step</h3>
          <ul aria-label="Step by step" className="divide-y divide-line rounded-lg border border-line bg-paper">
            {steps.map(({ id, name, how, uses, settings }) => (
              <li key={`${how} ${id}`} className="flex flex-col gap-2 px-4 py-2.5 text-sm">
                <p className="flex flex-wrap items-center gap-2">
                  <span className="font-medium">{name}</span>
                  <Badge tone={HOWS[how].tone}>{HOWS[how].word}</Badge>
                  {uses && <code className="text-xs text-ink-faint">{uses}</code>}
                </p>
                {settings.map((setting) => (
                  <Setting key={setting.name} setting={setting} />
                ))}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Setting({ setting: { name, before, after } }: { setting: ChangedSetting }) {
  return (
    <div className="grid gap-x-3 gap-y-1 sm:grid-cols-[9rem_1fr]">
      <span className="text-ink-soft wrap-anywhere">{name}</span>
      <span className="flex min-w-0 flex-col gap-1 font-mono text-xs whitespace-pre-wrap wrap-anywhere">
        {before !== null && (
          <del className="rounded-sm bg-bad-soft px-1.5 py-0.5 no-underline">
            <span className="sr-only">was </span>
            {before}
          </del>
        )}
        {after !== null && (
          <ins className="rounded-sm bg-good-soft px-1.5 py-0.5 no-underline">
            <span className="sr-only">is </span>
            {after}
          </ins>
        )}
      </span>
    </div>
  );
}
