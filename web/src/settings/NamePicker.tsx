import { Braces, ChevronRight, Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { KindIcon } from "@/ui/KindIcon";
import { Popover } from "@/ui/Popover";
import { TextInput } from "@/ui/TextInput";
import type { Name } from "./names";
import { preview, type Row, rowsOf } from "./picker_rows";

/** The button at a field's end that offers every name in scope: what steps before it gave, inputs, the loop's names. */
export function NamePicker({ names, onPick }: { names: Name[]; onPick: (expression: string) => void }) {
  const [isOpen, setOpen] = useState(false);
  const pick = (expression: string) => {
    setOpen(false);
    // After the popover has given the focus back, the text takes it.
    setTimeout(() => onPick(expression));
  };
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      align="end"
      label="Insert a value"
      className="w-88 p-0!"
      trigger={
        <IconButton
          label="Insert a value"
          icon={Braces}
          className="absolute top-0 right-0 text-ink-faint max-sm:top-0"
        />
      }
    >
      <NameTree names={names} onPick={pick} />
    </Popover>
  );
}

function NameTree({ names, onPick }: { names: Name[]; onPick: (expression: string) => void }) {
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(names.slice(0, 1).map((one) => one.expression)));
  const [at, setAt] = useState(0);
  const id = useId();
  const rows = rowsOf(names, open, search);
  const active = rows[Math.min(at, rows.length - 1)];

  const toggle = ({ name }: Row, next: boolean) => {
    const changed = new Set(open);
    if (next) changed.add(name.expression);
    else changed.delete(name.expression);
    setOpen(changed);
  };
  const keyed = (event: KeyboardEvent) => {
    const acted = active && act(event.key, active, { rows, at, setAt, toggle, onPick });
    if (acted) event.preventDefault();
  };

  return (
    <div onKeyDown={keyed}>
      <div className="border-b border-line p-2">
        <TextInput
          autoFocus
          icon={Search}
          role="combobox"
          aria-expanded
          aria-controls={`${id}-tree`}
          aria-activedescendant={active && `${id}-${rows.indexOf(active)}`}
          aria-label="Search values"
          placeholder="Search values"
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setAt(0);
          }}
        />
      </div>
      <div id={`${id}-tree`} role="tree" aria-label="Values" className="max-h-80 overflow-y-auto p-1">
        {rows.map((row, i) => (
          <NameRow
            key={`${row.name.group} ${row.name.expression}`}
            id={`${id}-${i}`}
            row={row}
            heading={search === "" && row.depth === 0 && rows[i - 1]?.name.group !== row.name.group}
            isActive={row === active}
            onToggle={() => toggle(row, !row.is_open)}
            onPick={() => onPick(row.name.expression)}
          />
        ))}
        {rows.length === 0 && <p className="p-3 text-sm text-ink-faint">Nothing here is called that.</p>}
      </div>
    </div>
  );
}

interface Tree {
  rows: Row[];
  at: number;
  setAt: (at: number) => void;
  toggle: (row: Row, next: boolean) => void;
  onPick: (expression: string) => void;
}

/** What a key does in the tree; false when it means nothing there. */
function act(key: string, active: Row, { rows, at, setAt, toggle, onPick }: Tree): boolean {
  switch (key) {
    case "ArrowDown":
      setAt(Math.min(at + 1, rows.length - 1));
      return true;
    case "ArrowUp":
      setAt(Math.max(at - 1, 0));
      return true;
    case "ArrowRight":
      if (active.can_open) toggle(active, true);
      return active.can_open;
    case "ArrowLeft":
      if (active.is_open) toggle(active, false);
      return active.is_open;
    case "Enter":
      onPick(active.name.expression);
      return true;
    default:
      return false;
  }
}

interface NameRowProps {
  id: string;
  row: Row;
  heading: boolean;
  isActive: boolean;
  onToggle: () => void;
  onPick: () => void;
}

function NameRow({ id, row: { name, depth, is_open, can_open }, heading, isActive, onToggle, onPick }: NameRowProps) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isActive) element.current?.scrollIntoView({ block: "nearest" });
  }, [isActive]);
  const value = preview(name.value);
  return (
    <>
      {heading && <div className="px-2 pt-2 pb-1 text-xs text-ink-faint first:pt-1">{name.group}</div>}
      <div
        ref={element}
        id={id}
        role="treeitem"
        aria-level={depth + 1}
        aria-expanded={can_open ? is_open : undefined}
        aria-selected={isActive}
        title={[name.expression, name.about].filter(Boolean).join("\n")}
        className={cx(
          "flex min-h-8 items-center gap-1 rounded-sm pr-2 text-sm max-sm:min-h-11",
          isActive ? "bg-selected" : "hover:bg-hover",
        )}
        style={{ paddingLeft: `${depth}rem` }}
      >
        <button
          type="button"
          tabIndex={-1}
          aria-label={is_open ? "Close" : "Open"}
          onClick={onToggle}
          className={cx("flex size-7 shrink-0 items-center justify-center text-ink-faint", !can_open && "invisible")}
        >
          <ChevronRight aria-hidden className={cx("size-3.5 transition-transform", is_open && "rotate-90")} />
        </button>
        <button type="button" tabIndex={-1} onClick={onPick} className="flex min-w-0 grow items-center gap-2 text-left">
          {name.kind && <KindIcon kind={name.kind} />}
          <span className="truncate">{name.label}</span>
          <span className="ml-auto shrink-0 text-xs text-ink-faint">{value === "" ? name.type : ""}</span>
          {value !== "" && <span className="max-w-40 truncate font-mono text-xs text-ink-faint">{value}</span>}
        </button>
      </div>
    </>
  );
}
