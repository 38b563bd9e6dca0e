import { Command, defaultFilter } from "cmdk";
import { Search } from "lucide-react";
import { useState } from "react";
import type { Kind } from "@/document/types";
import { Kbd } from "@/ui/Kbd";
import { KindIcon } from "@/ui/KindIcon";
import type { Kinds } from "./graph";

const GROUPS: Record<string, string> = {
  flow: "Order and choice",
  ai: "Language models",
  data: "Data",
  web: "Web",
  messages: "Messages",
  social: "Social",
  work: "Work",
};
const RECENT_AT_MOST = 4;
const recent: string[] = [];

/** What a new step can do: searched by title and by what people call it, what was taken last on top. */
export function KindPalette({
  kinds,
  title,
  onChoose,
}: {
  kinds: Kinds;
  title: string;
  onChoose: (kind: Kind) => void;
}) {
  const [last] = useState(() => recent.map((id) => kinds.get(id)).filter((kind) => kind !== undefined));
  const choose = (kind: Kind) => {
    const others = recent.filter((id) => id !== kind.id);
    recent.splice(0, recent.length, kind.id, ...others.slice(0, RECENT_AT_MOST - 1));
    onChoose(kind);
  };
  return (
    <Command label={title} loop filter={byWords} className="flex max-h-[inherit] flex-col">
      <div className="flex shrink-0 items-center gap-2.5 border-b border-line px-3">
        <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
        <Command.Input
          autoFocus
          placeholder={title}
          className="h-11 w-full bg-transparent text-sm outline-none placeholder:text-ink-faint"
        />
        <Kbd keys="Esc" className="max-sm:hidden" />
      </div>
      <Command.List className="min-h-0 overflow-y-auto scroll-py-2 p-1.5">
        <Command.Empty className="px-3 py-8 text-center text-sm text-ink-soft">
          No step does that. Try another word, such as mail or web.
        </Command.Empty>
        {last.length > 0 && <Group title="Last used" kinds={last} mark="last" onChoose={choose} />}
        {grouped(kinds).map(([group, list]) => (
          <Group key={group} title={GROUPS[group] ?? group} kinds={list} mark="all" onChoose={choose} />
        ))}
      </Command.List>
    </Command>
  );
}

function Group(props: { title: string; kinds: Kind[]; mark: string; onChoose: (kind: Kind) => void }) {
  return (
    <Command.Group
      heading={props.title}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-faint"
    >
      {props.kinds.map((kind) => (
        <Command.Item
          key={kind.id}
          value={`${props.mark}:${kind.id}`}
          keywords={[kind.title, kind.id, ...(kind.words ?? [])]}
          onSelect={() => props.onChoose(kind)}
          className="flex min-h-11 cursor-pointer items-center gap-2.5 rounded-md px-2 py-1 data-[selected=true]:bg-hover"
        >
          <KindIcon kind={kind.id} group={kind.group} framed />
          <span className="min-w-0">
            <span className="block truncate text-sm font-medium">{kind.title}</span>
            <span className="block truncate text-xs text-ink-soft">{kind.about}</span>
          </span>
        </Command.Item>
      ))}
    </Command.Group>
  );
}

/** Each kind once, though the map has it under its aliases too, in the order of the groups. */
function grouped(kinds: Kinds): [string, Kind[]][] {
  const groups = new Map<string, Kind[]>(Object.keys(GROUPS).map((group) => [group, []]));
  for (const kind of new Set(kinds.values())) {
    const group = kind.group ?? "data";
    groups.set(group, [...(groups.get(group) ?? []), kind]);
  }
  return [...groups].filter(([, list]) => list.length > 0);
}

function byWords(_value: string, typed: string, words: string[] = []): number {
  return defaultFilter(words.join(" "), typed);
}
