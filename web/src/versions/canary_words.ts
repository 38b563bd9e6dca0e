/** How a canary fares, in words. Pure. */
import type { Schemas } from "@/client";
import { formatMs } from "@/ui/duration";
import { formatUsd } from "@/ui/money";
import type { Tone } from "@/ui/status";
import type { Canary } from "./canaries";

type Fared = Schemas["Fared"];

/** Below so many runs a share of a hundred, or the slowest five, says more about chance than about the version. */
const ENOUGH = 20;
const TOO_FEW = "too few to tell";

/** One line of the comparison: what is compared, of the candidate and of the live version. */
export interface Line {
  what: string;
  candidate: string;
  live: string;
}

export function comparison({ runs, live_runs }: Pick<Canary, "runs" | "live_runs">): Line[] {
  const line = (what: string, words: (fared: Fared) => string): Line => ({
    what,
    candidate: words(runs),
    live: words(live_runs),
  });
  return [
    line("Runs that ended", ({ ended }) => ended.toLocaleString("en")),
    line("Failed", failedWords),
    line("95 of 100 took at most", ({ ended, p95_ms }) =>
      p95_ms === null ? "–" : ended < ENOUGH ? TOO_FEW : formatMs(p95_ms),
    ),
    line("Cost per run", ({ cost_usd }) => (cost_usd === null ? "–" : formatUsd(cost_usd))),
  ];
}

/** "1 of 12" for few; "2.5 % (3 of 120)" where the share means something. */
export function failedWords({ ended, failed }: Pick<Fared, "ended" | "failed">): string {
  if (ended === 0) return "–";
  const counted = `${failed.toLocaleString("en")} of ${ended.toLocaleString("en")}`;
  return ended < ENOUGH ? counted : `${percent(failed / ended)} (${counted})`;
}

/** What the figures come to so far. */
export function verdict(canary: Pick<Canary, "runs" | "live_runs" | "least_runs" | "margin">): {
  tone: Tone;
  title: string;
} {
  const { runs, live_runs, least_runs, margin } = canary;
  if (runs.ended < Math.min(least_runs, ENOUGH) || live_runs.ended === 0) {
    return { tone: "idle", title: "Too few runs to tell." };
  }
  const more = runs.failed / runs.ended - live_runs.failed / live_runs.ended;
  if (more > margin) return { tone: "bad", title: `Of a hundred runs, ${points(more)} more fail with the candidate.` };
  if (more > 0) {
    return {
      tone: "warn",
      title: `Of a hundred runs, ${points(more)} more fail with the candidate: within the margin.`,
    };
  }
  if (more < 0) return { tone: "good", title: `Of a hundred runs, ${points(-more)} fewer fail with the candidate.` };
  return { tone: "good", title: "The candidate fails no more often than the live version." };
}

/** When it is rolled back without anybody's doing. */
export function ruleWords({ least_runs, margin }: Pick<Canary, "least_runs" | "margin">): string {
  const since =
    least_runs === 1 ? "Once a run of it has ended" : `Once ${least_runs.toLocaleString("en")} of its runs have ended`;
  return `${since}, it is rolled back by itself if, of a hundred, over ${points(margin)} more fail than of the live version's.`;
}

/** How it ended. */
export function outcomeWords({ outcome }: Pick<Canary, "outcome">): { word: string; tone: Tone } {
  switch (outcome) {
    case "promoted":
      return { word: "Promoted", tone: "good" };
    case "stopped":
      return { word: "Stopped", tone: "idle" };
    case "rolled_back":
      return { word: "Rolled back by itself", tone: "bad" };
    case null:
      return { word: "Under way", tone: "live" };
  }
}

/** "2.5 %", with as many digits as it needs to be seen. */
export function percent(share: number): string {
  const number = share * 100;
  return `${number.toLocaleString("en", { maximumFractionDigits: number < 10 ? 1 : 0 })} %`;
}

/** A share as so many of a hundred. */
function points(share: number): string {
  return (share * 100).toLocaleString("en", { maximumFractionDigits: 1 });
}
