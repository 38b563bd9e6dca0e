import { ChevronsUpDown } from "lucide-react";
import { queryClient } from "@/client/queries";
import { useGo } from "@/navigation";
import { chooseWorkspace, useSession } from "@/session";
import { cx } from "@/ui/cx";
import { Menu } from "@/ui/Menu";

/** Which workspace this is; for those who belong to several, a way to another one. */
export function WorkspaceMenu() {
  const { workspace, workspaces } = useSession();
  const enter = useEnterWorkspace();
  if (!workspace) return null;
  if (workspaces.length < 2) {
    return (
      <p title={workspace.name} className="truncate px-2.5 pb-1 text-xs text-ink-faint max-lg:sr-only">
        {workspace.name}
      </p>
    );
  }
  const trigger = (
    <button
      type="button"
      className="flex min-h-9 items-center gap-2 rounded-md border border-line bg-raised px-2 text-sm hover:bg-hover max-lg:w-9 max-lg:justify-center max-lg:px-0"
    >
      <Initial name={workspace.name} />
      <span className="sr-only">Workspace </span>
      <span dir="auto" className="min-w-0 grow truncate text-left max-lg:sr-only">
        {workspace.name}
      </span>
      <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-ink-faint max-lg:hidden" />
    </button>
  );
  return (
    <Menu
      trigger={trigger}
      align="start"
      items={workspaces.map(({ id, name, role }) => ({
        label: name,
        hint: role,
        checked: id === workspace.id,
        onSelect: () => enter(id),
      }))}
    />
  );
}

/** Goes into another workspace: nothing of the one before stays. */
export function useEnterWorkspace(): (id: string) => void {
  const go = useGo();
  const { workspace } = useSession();
  return (id) => {
    if (id === workspace?.id) return;
    chooseWorkspace(id);
    queryClient.clear();
    go("/");
  };
}

/** The first letter of a name on a tile. */
export function Initial({ name, round }: { name: string; round?: boolean }) {
  return (
    <span
      aria-hidden
      className={cx(
        "flex size-6 shrink-0 items-center justify-center bg-accent-soft text-xs font-semibold text-accent uppercase",
        round ? "rounded-full" : "rounded-sm",
      )}
    >
      {[...name.trim()][0] ?? "?"}
    </span>
  );
}
