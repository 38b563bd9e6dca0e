import { Plus, Search } from "lucide-react";
import { Link, usePlace } from "@/navigation";
import { useSession } from "@/session";
import { buttonLook } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Kbd } from "@/ui/Kbd";
import { Tooltip } from "@/ui/Tooltip";
import { openPalette } from "./commands";
import { ITEM } from "./item";
import { Logo } from "./Logo";
import { PersonMenu } from "./PersonMenu";
import { type AppPlace, PLACES, SETTINGS } from "./places";
import { WorkspaceMenu } from "./WorkspaceMenu";

/** The navigation at the left: words where there is room, icons under 1024 px, gone on a phone (see BottomBar). */
export function Sidebar() {
  const { may } = useSession();
  const { path } = usePlace();
  return (
    <header className="flex w-(--sidebar-width) shrink-0 flex-col gap-1 border-r border-line bg-paper p-3 max-lg:w-15 max-lg:items-center max-lg:px-2 max-sm:hidden">
      <Link href="/" aria-label="Plainwork, to the agents" className="mb-2 rounded-md px-1 py-1">
        <Logo className="max-lg:[&>span]:sr-only" />
      </Link>
      <WorkspaceMenu />
      {may("agents:write") && (
        <Tooltip text="New agent" side="right">
          <Link
            href="/agents/new"
            aria-label="New agent"
            aria-current={path === "/agents/new" ? "page" : undefined}
            className={cx(buttonLook("secondary", "md"), "mb-3 mt-2 max-lg:w-9 max-lg:px-0")}
          >
            <Plus aria-hidden className="size-4" />
            <span className="max-lg:hidden">New agent</span>
          </Link>
        </Tooltip>
      )}
      <nav aria-label="Main" className="flex flex-col gap-0.5">
        {PLACES.map((place) => (
          <NavLink key={place.href} place={place} isHere={place.holds(path)} />
        ))}
      </nav>
      <div className="grow" />
      <NavLink place={SETTINGS} isHere={SETTINGS.holds(path)} />
      <button type="button" onClick={openPalette} className={ITEM}>
        <Search aria-hidden className="size-4 shrink-0" />
        <span className="grow text-left max-lg:sr-only">Search</span>
        <span className="sr-only"> and commands</span>
        <span aria-hidden className="flex max-lg:hidden">
          <Kbd keys="Mod+K" />
        </span>
      </button>
      <PersonMenu />
    </header>
  );
}

function NavLink({ place: { title, href, icon: Icon, count: Count }, isHere }: { place: AppPlace; isHere: boolean }) {
  return (
    <Link
      href={href}
      aria-current={isHere ? "page" : undefined}
      title={title}
      className={cx(ITEM, "relative", isHere && "bg-hover font-medium text-ink!")}
    >
      <Icon aria-hidden className={cx("size-4 shrink-0", isHere && "text-accent")} />
      <span className="grow max-lg:sr-only">{title}</span>
      {Count && <Count className="max-lg:absolute max-lg:-right-1 max-lg:-top-1" />}
    </Link>
  );
}
