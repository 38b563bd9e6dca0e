import { Braces, ChevronRight, Copy, type LucideIcon } from "lucide-react";
import { CopyButton } from "../CopyButton";
import { cx } from "../cx";
import { type MoreRow, PAGE, type Path, pathText, type ValueRow } from "./rows";
import { Value } from "./Value";

interface Common {
  /** It is the one row that the Tab key reaches. */
  isCurrent: boolean;
  onFocus: () => void;
}

const LOOK =
  "group/row relative flex min-h-6 cursor-default gap-1 rounded-sm pr-1 font-mono text-xs leading-5 -outline-offset-2!";

const indent = (depth: number) => ({ paddingLeft: `${depth * 1 + 0.125}rem` });

/** One value: its key, what it is, and ways to copy it. */
export function Row({
  row,
  base,
  isHit,
  isCurrent,
  onToggle,
  onFocus,
}: Common & { row: ValueRow; base: string; isHit: boolean; onToggle: () => void }) {
  const holds = row.size !== null && row.size > 0;
  const path = fullPath(base, row.path);
  return (
    <div
      role="treeitem"
      data-id={row.id}
      tabIndex={isCurrent ? 0 : -1}
      aria-level={row.depth + 1}
      aria-expanded={holds ? row.isOpen : undefined}
      aria-selected={isHit}
      onFocus={onFocus}
      onClick={holds ? onToggle : undefined}
      style={indent(row.depth)}
      className={cx(LOOK, isHit ? "bg-warn-soft" : "hover:bg-hover")}
    >
      <ChevronRight
        aria-hidden
        className={cx(
          "mt-1 size-3.5 shrink-0 text-ink-faint transition-transform duration-(--duration-quick)",
          row.isOpen && "rotate-90",
          !holds && "invisible",
        )}
      />
      <span className="flex min-w-0 grow flex-wrap gap-x-2 py-0.5">
        <Key name={row.path.at(-1)} />
        <Value value={row.value} type={row.type} size={row.size} />
      </span>
      <span className="invisible absolute right-0 top-0 flex rounded-sm bg-hover group-focus-within/row:visible group-hover/row:visible">
        <RowCopy label="Copy value" text={() => copied(row.value)} />
        {path && <RowCopy label={`Copy path ${path}`} text={path} icon={Braces} />}
      </span>
    </div>
  );
}

function Key({ name }: { name: string | number | undefined }) {
  if (name === undefined) return null;
  return (
    <span className={cx("shrink-0 wrap-anywhere", typeof name === "number" ? "text-ink-faint" : "text-ink-soft")}>
      {name}:
    </span>
  );
}

function fullPath(base: string, path: Path): string {
  const dot = base !== "" && typeof path[0] === "string" && !pathText(path).startsWith("[");
  return base + (dot ? "." : "") + pathText(path);
}

function RowCopy({ label, text, icon = Copy }: { label: string; text: string | (() => string); icon?: LucideIcon }) {
  return (
    <span onClick={(event) => event.stopPropagation()} className="contents">
      <CopyButton label={label} text={text} icon={icon} className="h-6 min-h-6! w-6!" tabIndex={-1} />
    </span>
  );
}

/** What copying a value gives: a text as it is, all else as JSON. */
export function copied(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "null");
}

/** Shows the next page of a long list. */
export function More({ row, isCurrent, onMore, onFocus }: Common & { row: MoreRow; onMore: () => void }) {
  return (
    <div
      role="treeitem"
      data-id={row.id}
      tabIndex={isCurrent ? 0 : -1}
      aria-level={row.depth + 1}
      aria-selected={false}
      onFocus={onFocus}
      onClick={onMore}
      style={indent(row.depth)}
      className={cx(LOOK, "cursor-pointer items-center pl-5 font-sans text-accent hover:bg-hover")}
    >
      <span className="w-3.5 shrink-0" />
      Show {Math.min(PAGE, row.left).toLocaleString("en")} more of {row.left.toLocaleString("en")}
    </div>
  );
}
