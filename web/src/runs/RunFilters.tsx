import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useState } from "react";
import { agentsQuery } from "@/agents";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Popover } from "@/ui/Popover";
import { Select } from "@/ui/Select";
import { statusLook } from "@/ui/status";
import { TextInput } from "@/ui/TextInput";
import { ChoiceFilter } from "./ChoiceFilter";
import { type Filters, isFiltered, NO_FILTERS, type Recent, STATUSES, type TimeFilter, TRIGGERS } from "./filters";
import { triggerWord } from "./words";

type TimeChoice = "all" | Recent | "days";

const TIMES: { value: TimeChoice; label: string }[] = [
  { value: "all", label: "Any time" },
  { value: "1h", label: "Last hour" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
  { value: "days", label: "Between days" },
];

/** Which runs to show. Each change goes into the address at once. */
export function RunFilters({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const { data } = useQuery(agentsQuery);
  const agents = data?.agents.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  const days = typeof filters.time === "object" ? filters.time : null;
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
      <ChoiceFilter
        name="Trigger"
        choices={TRIGGERS.map((kind) => ({ value: kind, label: triggerWord(kind) }))}
        chosen={filters.triggers}
        onChange={(triggers) => onChange({ ...filters, triggers })}
      />
      <Select
        label="Time"
        size="sm"
        options={TIMES}
        value={days ? "days" : (filters.time as TimeChoice)}
        onChange={(time) => onChange({ ...filters, time: time === "days" ? sinceYesterday() : time })}
        className="w-auto!"
      />
      {days && <Days days={days} onChange={(time) => onChange({ ...filters, time })} />}
      {isFiltered(filters) && (
        <Button size="sm" variant="ghost" icon={X} onClick={() => onChange(NO_FILTERS)}>
          Clear
        </Button>
      )}
    </div>
  );
}

type DaySpan = Exclude<TimeFilter, string>;

function Days({ days, onChange }: { days: DaySpan; onChange: (days: DaySpan) => void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      title="Between days"
      trigger={<Button size="sm">{wordsOf(days)}</Button>}
      className="flex w-64 flex-col gap-3"
    >
      <Field label="From">
        <TextInput
          type="date"
          value={days.from ?? ""}
          max={days.to ?? undefined}
          onChange={(event) => onChange({ ...days, from: event.target.value || null })}
        />
      </Field>
      <Field label="To">
        <TextInput
          type="date"
          value={days.to ?? ""}
          min={days.from ?? undefined}
          onChange={(event) => onChange({ ...days, to: event.target.value || null })}
        />
      </Field>
    </Popover>
  );
}

function wordsOf({ from, to }: DaySpan): string {
  if (from && to) return from === to ? from : `${from} to ${to}`;
  return from ? `Since ${from}` : `Until ${to}`;
}

function sinceYesterday(): DaySpan {
  const day = new Date();
  day.setDate(day.getDate() - 1);
  const [month, date] = [day.getMonth() + 1, day.getDate()].map((number) => String(number).padStart(2, "0"));
  return { from: `${day.getFullYear()}-${month}-${date}`, to: null };
}
