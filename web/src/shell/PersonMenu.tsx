import { CircleUserRound, LogOut, Monitor, Moon, Settings, Sun } from "lucide-react";
import type { ReactElement } from "react";
import { signOut, useSession } from "@/session";
import { cx } from "@/ui/cx";
import { Menu, type MenuEntry } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import { ITEM } from "./item";
import { PLACES } from "./places";
import { chooseTheme, type Theme, useTheme } from "./theme";
import { Initial, useEnterWorkspace } from "./WorkspaceMenu";

export const THEMES: { theme: Theme; title: string; icon: typeof Sun }[] = [
  { theme: "light", title: "Light", icon: Sun },
  { theme: "dark", title: "Dark", icon: Moon },
  { theme: "system", title: "Like the system", icon: Monitor },
];

const PLACES_APART: MenuEntry[] = PLACES.filter(({ isApart }) => isApart).map(({ title, href, icon }) => ({
  label: title,
  icon,
  href,
}));

/** The person: how it looks to them, and the way out. With a `trigger` of its own it stands where there is no room for the
 *  choice of a workspace, and holds that too, and the parts of the app that its bar has no room for. */
export function PersonMenu({ trigger }: { trigger?: ReactElement }) {
  const { user, workspace, workspaces } = useSession();
  const enter = useEnterWorkspace();
  const chosen = useTheme(({ theme }) => theme);
  const items: MenuEntry[] = [
    { heading: `${user.email}${workspace ? `, ${workspace.role} of ${workspace.name}` : ""}` },
    "line",
    ...(trigger && workspaces.length > 1 ? choiceOf(workspaces, workspace?.id, enter) : []),
    ...(trigger ? [...PLACES_APART, "line" as const] : []),
    { label: "Your account", icon: CircleUserRound, href: "/account" },
    { label: "Workspace settings", icon: Settings, href: "/workspace" },
    "line",
    { heading: "Theme" },
    ...THEMES.map(({ theme, title, icon }) => ({
      label: title,
      icon,
      checked: theme === chosen,
      onSelect: () => chooseTheme(theme),
    })),
    "line",
    { label: "Sign out", icon: LogOut, onSelect: () => void signOut().catch(toast.problem) },
  ];
  const own = (
    <button type="button" className={cx(ITEM, "px-1.5")}>
      <Initial name={user.name} round />
      <span className="min-w-0 grow truncate text-left max-lg:sr-only">{user.name}</span>
      <span className="sr-only">: settings, theme and sign out</span>
    </button>
  );
  return <Menu trigger={trigger ?? own} side="top" align="start" items={items} />;
}

type Choosable = ReturnType<typeof useSession>["workspaces"];

function choiceOf(workspaces: Choosable, here: string | undefined, enter: (id: string) => void): MenuEntry[] {
  const items = workspaces.map(({ id, name }) => ({ label: name, checked: id === here, onSelect: () => enter(id) }));
  return [{ heading: "Workspace" }, ...items, "line"];
}
