import { useSyncExternalStore } from "react";
import { useTheme } from "@/shell/theme";

/** What charts are drawn in, of the tokens. What is well is the most of it and stays in the background. */
export const COLOURS = {
  good: "color-mix(in oklab, var(--color-good) 70%, var(--color-paper))",
  bad: "var(--color-bad)",
  idle: "var(--color-idle)",
  accent: "var(--color-accent)",
  warm: "var(--color-group-trigger)",
  violet: "var(--color-group-ai)",
  teal: "var(--color-group-web)",
  pink: "var(--color-group-message)",
  ink: "var(--color-ink-faint)",
  line: "var(--color-line)",
} as const;

export type Colour = keyof typeof COLOURS;
export type Palette = Record<Colour, string>;

/** The tokens as they are in the theme of the moment. A canvas cannot read `light-dark()`, a computed colour it can. */
export function readPalette(): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = ([colour, value]: [string, string]) => {
    probe.style.color = value;
    return [colour, getComputedStyle(probe).color];
  };
  const palette = Object.fromEntries(Object.entries(COLOURS).map(read)) as Palette;
  probe.remove();
  return palette;
}

/** Changes whenever the theme does, so that what is drawn is drawn anew. */
export function useThemeName(): string {
  const chosen = useTheme(({ theme }) => theme);
  const isDark = useSyncExternalStore(
    watchSystem,
    () => matchMedia(DARK).matches,
    () => false,
  );
  return `${chosen} ${isDark ? "dark" : "light"}`;
}

const DARK = "(prefers-color-scheme: dark)";

function watchSystem(listener: () => void): () => void {
  const query = matchMedia(DARK);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
