import { Activity, Bot, ChartColumn, Inbox, type LucideIcon, ScrollText, Settings } from "lucide-react";
import type { ComponentType } from "react";
import type { Permission } from "@/session";
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
  /** A phone has it in the person's menu: its bar has room for five. */
  isApart?: boolean;
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
  { title: "Figures", href: "/figures", icon: ChartColumn, holds: (path) => path === "/figures", isApart: true },
  { title: "Logs", href: "/logs", icon: ScrollText, holds: (path) => path === "/logs", isApart: true },
];

/** Apart from the others: what is set up once. A phone has it in the person's menu. */
export const SETTINGS: AppPlace = {
  title: "Settings",
  href: "/workspace",
  icon: Settings,
  holds: (path) => /^\/(account|workspace)(\/|$)/.test(path),
};

/** A page of the settings. */
interface SettingsPlace {
  title: string;
  href: string;
  /** Who may look at it; null: everybody. */
  needs: Permission | null;
}

export const SETTINGS_PLACES: SettingsPlace[] = [
  { title: "Your account", href: "/account", needs: null },
  { title: "Workspace", href: "/workspace", needs: "workspace:read" },
  { title: "Members", href: "/workspace/members", needs: "workspace:read" },
  { title: "Secrets", href: "/workspace/secrets", needs: "secrets:read" },
  { title: "API keys", href: "/workspace/api-keys", needs: "keys:manage" },
  { title: "Limits", href: "/workspace/limits", needs: "runs:read" },
  { title: "Audit log", href: "/workspace/audit", needs: "audit:read" },
];
