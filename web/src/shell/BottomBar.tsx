import { CircleUserRound, type LucideIcon, Plus, Search } from "lucide-react";
import type { ComponentProps } from "react";
import { Link, usePlace } from "@/navigation";
import { useSession } from "@/session";
import { cx } from "@/ui/cx";
import { openPalette } from "./commands";
import { PersonMenu } from "./PersonMenu";
import { type AppPlace, PLACES } from "./places";

/** The navigation of a phone. */
export function BottomBar() {
  const { may } = useSession();
  const { path } = usePlace();
  return (
    <nav
      aria-label="Main"
      className="flex shrink-0 items-stretch justify-around border-t border-line bg-paper pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      {PLACES.filter(({ isApart }) => !isApart).map(({ title, href, icon, holds, count }) => (
        <Link key={href} href={href} aria-current={holds(path) ? "page" : undefined} className={tab(holds(path))}>
          <TabContent icon={icon} title={title} count={count} />
        </Link>
      ))}
      {may("agents:write") && (
        <Link
          href="/agents/new"
          aria-current={path === "/agents/new" ? "page" : undefined}
          className={tab(path === "/agents/new")}
        >
          <TabContent icon={Plus} title="New agent" />
        </Link>
      )}
      <button type="button" onClick={openPalette} className={tab(false)}>
        <TabContent icon={Search} title="Search" />
      </button>
      <PersonMenu trigger={<PersonTab />} />
    </nav>
  );
}

const tab = (isHere: boolean) =>
  cx(
    "flex min-h-14 min-w-14 flex-1 flex-col items-center justify-center gap-0.5 text-xs -outline-offset-2!",
    isHere ? "font-medium text-accent" : "text-ink-soft",
  );

function TabContent({ icon: Icon, title, count: Count }: Pick<AppPlace, "title" | "count"> & { icon: LucideIcon }) {
  return (
    <>
      <span className="relative">
        <Icon aria-hidden className="size-5" />
        {Count && <Count className="absolute -right-3 -top-1.5" />}
      </span>
      {title}
    </>
  );
}

function PersonTab(props: ComponentProps<"button">) {
  return (
    <button type="button" {...props} className={tab(false)}>
      <TabContent icon={CircleUserRound} title="You" />
    </button>
  );
}
