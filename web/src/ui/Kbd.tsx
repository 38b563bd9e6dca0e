import { cx } from "./cx";
import { useIsApple } from "./platform";

const EVERYWHERE: Record<string, string> = { Up: "↑", Down: "↓", Left: "←", Right: "→", Plus: "+" };
const APPLE: Record<string, string> = { Mod: "⌘", Alt: "⌥", Shift: "⇧", Ctrl: "⌃", Enter: "↵", Backspace: "⌫" };
const OTHERS: Record<string, string> = { Mod: "Ctrl" };

/** A shortcut as it is on the person's keyboard. `keys` as in `Mod+K`: Mod is ⌘ on Apple's and Ctrl elsewhere. */
export function Kbd({ keys, className }: { keys: string; className?: string }) {
  const names = { ...EVERYWHERE, ...(useIsApple() ? APPLE : OTHERS) };
  return (
    <kbd className={cx("inline-flex gap-0.5 font-sans text-xs leading-none text-ink-faint", className)}>
      {keys.split("+").map((key) => (
        <span
          key={key}
          className="inline-flex h-[1.125rem] min-w-[1.125rem] items-center justify-center rounded-sm border border-line bg-paper px-1"
        >
          {names[key] ?? key}
        </span>
      ))}
    </kbd>
  );
}
