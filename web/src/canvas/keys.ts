/** Key presses as the canvas and its help write them. */

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const NAMES: Record<string, string> = {
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  Escape: "Esc",
  "+": "Plus",
};

/** A key press as `Kbd` writes it: `Mod+Shift+Z`. Signs that need Shift on some keyboards come without it. */
export function keysOf(event: KeyPress): string {
  const isLetter = /^[a-z]$/i.test(event.key);
  const isSign = event.key.length === 1 && !isLetter;
  const parts = [
    (event.ctrlKey || event.metaKey) && "Mod",
    event.altKey && "Alt",
    event.shiftKey && !isSign && "Shift",
    NAMES[event.key] ?? (isLetter ? event.key.toUpperCase() : event.key),
  ];
  return parts.filter(Boolean).join("+");
}
