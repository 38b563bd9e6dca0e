import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { agentsQuery } from "@/agents";
import { ChoiceFilter } from "@/runs/ChoiceFilter";
import { Button, buttonLook } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { CAUSES, type Filters, isFiltered, NO_FILTERS } from "./filters";
import type { Cause } from "./types";
import { causeWord } from "./words";

/** Which of the runs to show. Causes that no run has are left out, unless they are chosen. */
export function StoppedFilters({
  filters,
  counts,
  onChange,
}: {
  filters: Filters;
  counts: Partial<Record<Cause, number>>;
  onChange: (next: Filters) => void;
}) {
  const { data } = useQuery(agentsQuery);
  const agents = data?.agents.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  const causes = CAUSES.filter((cause) => counts[cause] || filters.causes.includes(cause));
  const toggle = (cause: Cause) => {
    const isOn = filters.causes.includes(cause);
    const next = isOn ? filters.causes.filter((one) => one !== cause) : [...filters.causes, cause];
    onChange({ ...filters, causes: next });
  };
  return (
    <div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-2">
      {causes.map((cause) => (
        <button
          key={cause}
          type="button"
          aria-pressed={filters.causes.includes(cause)}
          onClick={() => toggle(cause)}
          className={cx(
            buttonLook("secondary", "sm"),
            filters.causes.includes(cause) && "border-accent! bg-accent-soft! text-accent!",
          )}
        >
          {causeWord(cause)}
          <span className="tabular-nums text-ink-faint">{(counts[cause] ?? 0).toLocaleString("en")}</span>
        </button>
      ))}
      <ChoiceFilter
        name="Agent"
        choices={agents}
        chosen={filters.agents}
        onChange={(chosen) => onChange({ ...filters, agents: chosen })}
      />
      {isFiltered(filters) && (
        <Button size="sm" variant="ghost" icon={X} onClick={() => onChange(NO_FILTERS)}>
          Show all
        </Button>
      )}
    </div>
  );
}
