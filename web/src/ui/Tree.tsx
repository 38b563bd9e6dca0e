import { Search } from "lucide-react";
import { type KeyboardEvent, useDeferredValue, useMemo, useRef, useState } from "react";
import { copyText } from "./clipboard";
import { CopyButton } from "./CopyButton";
import { cx } from "./cx";
import { TextInput } from "./TextInput";
import { copied, More, Row } from "./tree/Row";
import { keyAction } from "./tree/keys";
import { holdsMoreThan, openedAtFirst, PAGE, rowsOf, searchTree, type TreeRow, type TreeSearch } from "./tree/rows";

/** A value that holds no more than this is seen at a glance and needs no search. */
const GLANCE = 12;

/**
 * A JSON value to read: keys, types and texts, folded where it is long, with a search. `name` says what it is; `base` is
 * how expressions call it, such as `steps.fetch`, so that copied paths can be used. Give it a `key` per value: what is
 * open is kept while it stays mounted.
 */
export function Tree({
  value,
  name,
  base = "",
  className,
}: {
  value: unknown;
  name: string;
  base?: string;
  className?: string;
}) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => openedAtFirst(value));
  const [shown, setShown] = useState<ReadonlyMap<string, number>>(new Map());
  const [words, setWords] = useState("");
  const [current, setCurrent] = useState<string | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const wanted = useDeferredValue(words.trim());
  const found = useMemo(() => (wanted ? searchTree(value, wanted) : null), [value, wanted]);
  const rows = useMemo(() => rowsOf(value, ...seen(opened, shown, found)), [value, opened, shown, found]);
  const hits = useMemo(() => new Set(found?.hits), [found]);
  const atRow = rows.find((row) => row.id === current) ?? rows[0];

  const toggle = (id: string) => setOpened((before) => toggled(before, id));
  const more = (id: string) => setShown((before) => new Map(before).set(id, (before.get(id) ?? PAGE) + PAGE));
  const focus = (row: TreeRow | undefined) => {
    if (!row) return;
    setCurrent(row.id);
    tree.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(row.id)}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = atRow && keyAction(event, rows, atRow);
    if (!act) return;
    event.preventDefault();
    if ("focus" in act) focus(act.focus);
    else if ("toggle" in act) toggle(act.toggle);
    else if ("more" in act) more(act.more);
    else void copyText(copied(act.copy));
  };
  const isLarge = useMemo(() => holdsMoreThan(value, GLANCE), [value]);
  return (
    <div className={cx("flex min-w-0 gap-2", isLarge ? "flex-col" : "items-start", className)}>
      {isLarge && (
        <div className="flex items-center gap-2">
          <TextInput
            size="sm"
            icon={Search}
            type="search"
            aria-label={`Search in ${name}`}
            placeholder="Search keys and texts"
            value={words}
            onChange={(event) => setWords(event.target.value)}
            className="grow"
          />
          {found && <SearchNote found={found} />}
          <CopyButton label="Copy all as JSON" text={() => copied(value)} />
        </div>
      )}
      <div ref={tree} role="tree" aria-label={name} onKeyDown={onKeyDown} className="min-w-0 grow">
        {rows.map((row) =>
          row.row === "more" ? (
            <More
              key={row.id}
              row={row}
              isCurrent={row === atRow}
              onMore={() => more(row.of)}
              onFocus={() => setCurrent(row.id)}
            />
          ) : (
            <Row
              key={row.id}
              row={row}
              base={base}
              isHit={hits.has(row.id)}
              isCurrent={row === atRow}
              onToggle={() => toggle(row.id)}
              onFocus={() => setCurrent(row.id)}
            />
          ),
        )}
      </div>
      {!isLarge && holdsMoreThan(value, 0) && (
        <CopyButton label="Copy all as JSON" text={() => copied(value)} className="-my-1" />
      )}
    </div>
  );
}

function SearchNote({ found }: { found: TreeSearch }) {
  const count = found.hits.length.toLocaleString("en");
  return (
    <span role="status" className="shrink-0 text-xs text-ink-faint">
      {count} found{found.isCut && " in the first 10,000"}
    </span>
  );
}

/** What is open and how far it is shown: what the person opened, and what the search found. */
function seen(opened: ReadonlySet<string>, shown: ReadonlyMap<string, number>, found: TreeSearch | null) {
  if (!found) return [opened, shown] as const;
  const most = new Map(shown);
  for (const [id, count] of found.shown) most.set(id, Math.max(count, most.get(id) ?? 0));
  return [new Set([...opened, ...found.opened]), most] as const;
}

function toggled(opened: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(opened);
  if (!next.delete(id)) next.add(id);
  return next;
}
