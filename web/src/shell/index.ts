/** The shell, for the screens: what stands around them, and the palette they put commands into. */
export { type Command, openPalette, useCommand } from "./commands";
export { Page } from "./Page";
export { SettingsPage } from "./SettingsPage";
export { Shell } from "./Shell";
