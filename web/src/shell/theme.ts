/** Light, dark, or what the system says. `public/theme.js` applies the choice before the first paint. */
import { create } from "zustand";

export type Theme = "light" | "dark" | "system";

const KEY = "plainwork.theme";

export const useTheme = create<{ theme: Theme }>(() => ({ theme: stored() }));

export function chooseTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be off; the choice holds as long as the page.
  }
  useTheme.setState({ theme });
}

function stored(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    return "system";
  }
}
