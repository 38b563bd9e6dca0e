import { Activity, Bot, type LucideIcon } from "lucide-react";

/** A part of the app that the navigation leads to. */
export interface AppPlace {
  title: string;
  href: string;
  icon: LucideIcon;
  /** Whether somebody at this path is in it. */
  holds: (path: string) => boolean;
}

export const PLACES: AppPlace[] = [
  {
    title: "Agents",
    href: "/",
    icon: Bot,
    holds: (path) => path === "/" || (/^\/agents(\/|$)/.test(path) && path !== "/agents/new"),
  },
  { title: "Runs", href: "/runs", icon: Activity, holds: (path) => path === "/runs" || path.startsWith("/runs/") },
];
