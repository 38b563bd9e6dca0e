import { X } from "lucide-react";
import { Button } from "@/ui/Button";
import { Select } from "@/ui/Select";
import { TextInput } from "@/ui/TextInput";
import { type AuditFilters, NO_AUDIT_FILTERS } from "./audit_queries";
import { ABOUT } from "./audit_words";
import type { Member } from "./queries";

interface AuditFilterBarProps {
  filters: AuditFilters;
  members: readonly Member[];
  onChange: (filters: AuditFilters) => void;
}

const ALL = "all";

/** Which entries to show. */
export function AuditFilterBar({ filters, members, onChange }: AuditFilterBarProps) {
  const people = [{ value: ALL, label: "By anybody" }, ...members.map(({ id, name }) => ({ value: id, label: name }))];
  const isFiltered = Object.values(filters).some((value) => value !== "");
  const set = (part: Partial<AuditFilters>) => onChange({ ...filters, ...part });
  return (
    <div role="group" aria-label="Filters" className="grid grid-cols-2 gap-2 sm:flex sm:flex-wrap sm:items-center">
      <Select
        label="About"
        size="sm"
        className="sm:w-auto!"
        options={[{ value: ALL, label: "About everything" }, ...ABOUT]}
        value={filters.action || ALL}
        onChange={(action) => set({ action: action === ALL ? "" : action })}
      />
      <Select
        label="By"
        size="sm"
        className="sm:w-auto!"
        options={people}
        value={filters.person || ALL}
        onChange={(person) => set({ person: person === ALL ? "" : person })}
      />
      <Day label="From" value={filters.from} onChange={(from) => set({ from })} />
      <Day label="To" value={filters.to} onChange={(to) => set({ to })} />
      {isFiltered && (
        <Button size="sm" variant="ghost" icon={X} onClick={() => onChange(NO_AUDIT_FILTERS)}>
          Clear
        </Button>
      )}
    </div>
  );
}

function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  return (
    <label className="flex gap-1.5 text-sm text-ink-soft max-sm:flex-col max-sm:gap-0.5 sm:items-center">
      <span className="max-sm:text-xs">{label}</span>
      <TextInput
        type="date"
        size="sm"
        className="sm:w-38!"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
