import { useQuery } from "@tanstack/react-query";
import { agentsQuery } from "@/agents";
import { ChoiceFilter } from "@/runs/ChoiceFilter";
import { Days, sinceYesterday } from "@/runs/Days";
import { type Segment, SegmentedControl } from "@/ui/SegmentedControl";
import type { Filters, Period } from "./period";

type Choice = Extract<Period, string> | "days";

const PERIODS: Segment<Choice>[] = [
  { value: "24h", label: "24 hours" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
  { value: "90d", label: "90 days" },
  { value: "days", label: "Days" },
];

/** Of which time and which agents. Each change goes into the address at once. */
export function FigureFilters({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const { data } = useQuery(agentsQuery);
  const { period } = filters;
  const agents = data?.agents.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  const choose = (next: Choice) => onChange({ ...filters, period: next === "days" ? sinceYesterday() : next });
  return (
    <div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-2">
      <SegmentedControl
        label="Time"
        segments={PERIODS}
        value={typeof period === "string" ? period : "days"}
        onChange={choose}
        className="max-sm:w-full max-sm:[&>button]:grow max-sm:[&>button]:px-1"
      />
      {typeof period === "object" && (
        <Days days={period} onChange={(days) => (days.from || days.to) && onChange({ ...filters, period: days })} />
      )}
      <ChoiceFilter
        name="Agent"
        choices={agents}
        chosen={filters.agents}
        onChange={(chosen) => onChange({ ...filters, agents: chosen })}
      />
    </div>
  );
}
