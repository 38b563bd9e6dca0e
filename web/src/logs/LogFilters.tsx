import { useQuery } from "@tanstack/react-query";
import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { agentsQuery } from "@/agents";
import { ChoiceFilter } from "@/runs/ChoiceFilter";
import { TimeSelect } from "@/runs/TimeSelect";
import { Button } from "@/ui/Button";
import { Switch } from "@/ui/Switch";
import { TextInput } from "@/ui/TextInput";
import { type Filters, isFiltered, KINDS, LONGEST_TEXT, NO_FILTERS } from "./filters";
import { KIND_LOOKS } from "./words";

interface LogFiltersProps {
  filters: Filters;
  onChange: (next: Filters) => void;
  follows: boolean;
  onFollow: (follows: boolean) => void;
}

/** Which lines to show. Each change goes into the address at once, what is typed after a moment. */
export function LogFilters({ filters, onChange, follows, onFollow }: LogFiltersProps) {
  const { data } = useQuery(agentsQuery);
  const agents = data?.agents.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  return (
    <div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-2">
      <SearchBox text={filters.text} onSearch={(text) => onChange({ ...filters, text })} />
      <ChoiceFilter
        name="Kind"
        choices={KINDS.map((kind) => ({ value: kind, label: KIND_LOOKS[kind].word }))}
        chosen={filters.kinds}
        onChange={(kinds) => onChange({ ...filters, kinds })}
      />
      <ChoiceFilter
        name="Agent"
        choices={agents}
        chosen={filters.agents}
        onChange={(chosen) => onChange({ ...filters, agents: chosen })}
      />
      <TimeSelect time={filters.time} onChange={(time) => onChange({ ...filters, time })} />
      {isFiltered(filters) && (
        <Button size="sm" variant="ghost" icon={X} onClick={() => onChange(NO_FILTERS)}>
          Clear
        </Button>
      )}
      <Switch label="Follow" checked={follows} onChange={onFollow} className="ml-auto" />
    </div>
  );
}

const REST_MS = 400;

function SearchBox({ text, onSearch }: { text: string; onSearch: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const [seen, setSeen] = useState(text);
  const [sent, setSent] = useState(text);
  if (seen !== text) {
    setSeen(text);
    if (text !== sent) setTyped(text);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (next: string) => {
    clearTimeout(timer.current);
    setSent(next);
    if (next !== text) onSearch(next);
  };
  const type = (next: string) => {
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(next), REST_MS);
  };
  return (
    <form
      role="search"
      className="w-full"
      onSubmit={(event) => {
        event.preventDefault();
        send(typed);
      }}
    >
      <TextInput
        type="search"
        icon={Search}
        aria-label="Search in lines"
        placeholder='Words, "phrases", or, -not'
        maxLength={LONGEST_TEXT}
        value={typed}
        onChange={(event) => type(event.target.value)}
      />
    </form>
  );
}
