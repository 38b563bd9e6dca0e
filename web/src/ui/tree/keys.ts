/** What the keys do in a tree (ARIA Authoring Practices, tree view). */
import type { TreeRow, ValueRow } from "./rows";

export type KeyAction = { focus: TreeRow | undefined } | { toggle: string } | { more: string } | { copy: unknown };

interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
}

/** What a key does at a row; null: nothing. */
export function keyAction(pressed: Key, rows: TreeRow[], at: TreeRow): KeyAction | null {
  const place = rows.indexOf(at);
  switch (pressed.key) {
    case "ArrowDown":
      return { focus: rows[place + 1] };
    case "ArrowUp":
      return { focus: rows[place - 1] };
    case "Home":
      return { focus: rows[0] };
    case "End":
      return { focus: rows.at(-1) };
  }
  if (at.row === "value") return valueAction(pressed, rows, at);
  return pressed.key === "Enter" ? { more: at.of } : null;
}

function valueAction(pressed: Key, rows: TreeRow[], at: ValueRow): KeyAction | null {
  const place = rows.indexOf(at);
  const holds = at.size !== null && at.size > 0;
  switch (pressed.key) {
    case "Enter":
      return holds ? { toggle: at.id } : null;
    case "ArrowRight":
      if (!holds) return null;
      return at.isOpen ? { focus: rows[place + 1] } : { toggle: at.id };
    case "ArrowLeft":
      return at.isOpen ? { toggle: at.id } : { focus: rows.slice(0, place).findLast(({ depth }) => depth < at.depth) };
  }
  return isCopy(pressed) ? { copy: at.value } : null;
}

/** A selected text is copied by the browser. */
function isCopy({ key, ctrlKey, metaKey }: Key): boolean {
  return key === "c" && (ctrlKey || metaKey) && getSelection()?.isCollapsed === true;
}
