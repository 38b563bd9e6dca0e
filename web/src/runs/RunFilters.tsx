import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { agentsQuery } from "@/agents";
import { Button } from "@/ui/Button";
import { statusLook } from "@/ui/status";
import { ChoiceFilter } from "./ChoiceFilter";
import { type Filters, isFiltered, NO_FILTERS, STATUSES, TRIGGERS } from "./filters";
import { TimeSelect } from "./TimeSelect";
import { triggerWord } from "./words";

/** Which runs to show. Each change goes into the address at once. */
export function RunFilters({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const { data } = useQuery(agentsQuery);
  const agents = data?.agents.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  return (
    <div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-2">
      <ChoiceFilter
        name="Status"
        choices={STATUSES.map((status) => ({
          value: status,
          label: statusLook(status).word,
          icon: statusLook(status).icon,
        }))}
        chosen={filters.statuses}
        onChange={(statuses) => onChange({ ...filters, statuses })}
      />
      <ChoiceFilter
        name="Agent"
        choices={agents}
        chosen={filters.agents}
        onChange={(chosen) => onChange({ ...filters, agents: chosen })}
      />
      {filters.versions.length > 0 && (
        <Button
          size="sm"
          icon={X}
          className="border-accent! text-accent!"
          onClick={() => onChange({ ...filters, versions: [] })}
        >
          {filters.versions.length === 1 ? "One version" : `${filters.versions.length} versions`}
          <span className="sr-only">: show all versions</span>
        </Button>
      )}
      <ChoiceFilter
        name="Trigger"
        choices={TRIGGERS.map((kind) => ({ value: kind, label: triggerWord(kind) }))}
        chosen={filters.triggers}
        onChange={(triggers) => onChange({ ...filters, triggers })}
      />
      <TimeSelect time={filters.time} onChange={(time) => onChange({ ...filters, time })} />
      {isFiltered(filters) && (
        <Button size="sm" variant="ghost" icon={X} onClick={() => onChange(NO_FILTERS)}>
          Clear
        </Button>
      )}
    </div>
  );
}
