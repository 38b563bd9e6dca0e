import { Activity, Bot, Inbox, type LucideIcon } from "lucide-react";
import type { ComponentType } from "react";
import { InboxCount } from "@/inbox/InboxCount";

/** A part of the app that the navigation leads to. */
export interface AppPlace {
  title: string;
  href: string;
  icon: LucideIcon;
  /** Whether somebody at this path is in it. */
  holds: (path: string) => boolean;
  /** How much waits there. */
  count?: ComponentType<{ className?: string }>;
}

export const PLACES: AppPlace[] = [
  {
    title: "Agents",
    href: "/",
    icon: Bot,
    holds: (path) => path === "/" || (/^\/agents(\/|$)/.test(path) && path !== "/agents/new"),
  },
  { title: "Runs", href: "/runs", icon: Activity, holds: (path) => path === "/runs" || path.startsWith("/runs/") },
  { title: "Inbox", href: "/inbox", icon: Inbox, holds: (path) => path === "/inbox", count: InboxCount },
];
