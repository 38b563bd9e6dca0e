import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Finding } from "@/document";
import { cx } from "@/ui/cx";
import { formatUsd } from "@/ui/money";
import { Section, StepLink } from "./Section";
import type { Draft } from "./stream";

type OnStep = (step: string) => void;

/** What the description leaves open, and how the draft took it. */
export function Assumptions({
  assumptions,
  onStep,
}: {
  assumptions: NonNullable<Draft["assumptions"]>;
  onStep: OnStep;
}) {
  if (!assumptions.length) return null;
  return (
    <Section title="Taken for granted">
      <ul className="flex flex-col gap-1.5">
        {assumptions.map(({ text, step }) => (
          <li key={text} className="flex gap-2 text-sm text-ink-soft">
            <span aria-hidden className="mt-2 size-1 shrink-0 rounded-full bg-ink-faint" />
            <StepLink step={step} onStep={onStep}>
              {text}
            </StepLink>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** What the checks found in the draft. */
export function Findings({ findings, onStep }: { findings: readonly Finding[]; onStep: OnStep }) {
  if (!findings.length) return null;
  return (
    <Section title="To be mended">
      <ul className="flex flex-col gap-2">
        {findings.map((finding, index) => (
          <li key={index} className="flex gap-2 text-sm">
            <Mark isError={(finding.severity ?? "error") === "error"} />
            <div className="min-w-0">
              <StepLink step={finding.node} onStep={onStep}>
                {finding.message}
              </StepLink>
              {finding.next_step && <p className="text-xs text-ink-faint">{finding.next_step}</p>}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Mark({ isError }: { isError: boolean }) {
  const Icon = isError ? CircleAlert : TriangleAlert;
  return <Icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", isError ? "text-bad" : "text-warn")} />;
}

/** What runs are likely to cost. */
export function Cost({ estimate }: { estimate: NonNullable<Draft["estimate"]> }) {
  const { cost_per_run_usd = 0, runs_per_month, cost_per_month_usd, about } = estimate;
  const rows = [
    ["A run", cost_per_run_usd === null ? "depends on the model" : formatUsd(cost_per_run_usd)],
    ["Runs a month", runs_per_month == null ? "as often as it is started" : runs_per_month.toLocaleString("en")],
    ["A month", cost_per_month_usd == null ? null : formatUsd(cost_per_month_usd)],
  ].filter((row): row is [string, string] => row[1] !== null);
  return (
    <Section title="What it costs">
      <dl className="flex flex-col gap-1 text-sm">
        {rows.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4">
            <dt className="text-ink-soft">{name}</dt>
            <dd className="tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {about && <p className="text-xs text-ink-faint">{about}</p>}
    </Section>
  );
}
