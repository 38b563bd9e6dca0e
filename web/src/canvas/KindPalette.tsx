import { Command } from "cmdk";
import { Search } from "lucide-react";
import { useState } from "react";
import type { Kind } from "@/document/types";
import { Kbd } from "@/ui/Kbd";
import { KindIcon } from "@/ui/KindIcon";
import type { Kinds } from "./graph";
import { searched } from "./search";

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

/** What a new step can do: in groups, what was taken last on top; what is sought in the order in which it fits. */
export function KindPalette({
  kinds,
  title,
  onChoose,
}: {
  kinds: Kinds;
  title: string;
  onChoose: (kind: Kind) => void;
}) {
  const [typed, setTyped] = useState("");
  const [last] = useState(() => recent.map((id) => kinds.get(id)).filter((kind) => kind !== undefined));
  const choose = (kind: Kind) => {
    const others = recent.filter((id) => id !== kind.id);
    recent.splice(0, recent.length, kind.id, ...others.slice(0, RECENT_AT_MOST - 1));
    onChoose(kind);
  };
  const found = searched([...new Set(kinds.values())], typed);
  const groups: [string, Kind[]][] = typed.trim() ? [["Found", found]] : [["Last used", last], ...grouped(found)];
  return (
    <Command label={title} loop shouldFilter={false} className="flex max-h-[inherit] flex-col">
      <div className="flex shrink-0 items-center gap-2.5 border-b border-line px-3">
        <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
        <Command.Input
          autoFocus
          placeholder={title}
          value={typed}
          onValueChange={setTyped}
          className="h-11 w-full bg-transparent text-sm outline-none placeholder:text-ink-faint"
        />
        <Kbd keys="Esc" className="max-sm:hidden" />
      </div>
      <Command.List className="min-h-0 overflow-y-auto scroll-py-2 p-1.5">
        {found.length === 0 && (
          <p className="px-3 py-8 text-center text-sm text-ink-soft">
            No step does that. Try another word, such as mail or web.
          </p>
        )}
        {groups
          .filter(([, list]) => list.length > 0)
          .map(([group, list]) => (
            <Group key={group} title={GROUPS[group] ?? group} kinds={list} onChoose={choose} />
          ))}
      </Command.List>
    </Command>
  );
}

function Group(props: { title: string; kinds: Kind[]; onChoose: (kind: Kind) => void }) {
  return (
    <Command.Group
      heading={props.title}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-faint"
    >
      {props.kinds.map((kind) => (
        <Command.Item
          key={kind.id}
          value={`${props.title}: ${kind.id}`}
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

/** In the order of the groups. */
function grouped(kinds: readonly Kind[]): [string, Kind[]][] {
  const groups = new Map<string, Kind[]>(Object.keys(GROUPS).map((group) => [group, []]));
  for (const kind of kinds) {
    const group = kind.group ?? "data";
    groups.set(group, [...(groups.get(group) ?? []), kind]);
  }
  return [...groups];
}
