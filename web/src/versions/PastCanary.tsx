import { Badge } from "@/ui/Badge";
import { Time } from "@/ui/Time";
import type { Canary } from "./canaries";
import { failedWords, outcomeWords } from "./canary_words";

/** One canary that has ended: how, why, and with which figures. */
export function PastCanary({ canary }: { canary: Canary }) {
  const { version, live_version, share, reason, runs, live_runs, ended_at } = canary;
  const { word, tone } = outcomeWords(canary);
  return (
    <li className="flex flex-col gap-0.5 px-4 py-2.5 text-sm">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium">Version {version}</span>
        <Badge tone={tone}>{word}</Badge>
        <span className="text-ink-soft">beside version {live_version}</span>
        {ended_at && <Time at={ended_at} className="ml-auto text-ink-soft" />}
      </p>
      {reason && <p className="text-ink-soft wrap-anywhere">{reason}</p>}
      <p className="text-ink-soft">
        {share} % of the runs. Failed: {failedWords(runs)}; of the live version, {failedWords(live_runs)}.
      </p>
    </li>
  );
}
