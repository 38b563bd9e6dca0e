import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { Link, PageTitle, usePlace } from "@/navigation";
import { aRole, useSession } from "@/session";
import { cx } from "@/ui/cx";
import { EmptyState } from "@/ui/EmptyState";
import { SETTINGS_PLACES } from "./places";

/** The frame of the settings: the account's and the workspace's pages beside one another. */
export function SettingsPage({ title, children }: { title: string; children: ReactNode }) {
  const { may } = useSession();
  const { path } = usePlace();
  const here = SETTINGS_PLACES.find(({ href }) => href === path);
  const isShut = here !== undefined && here.needs !== null && !may(here.needs);
  return (
    <main className="h-full overflow-y-auto">
      <PageTitle>{title}</PageTitle>
      <div className="mx-auto flex max-w-240 flex-col gap-6 px-4 pb-16 pt-5 sm:px-8 sm:pt-9">
        <h1 className="text-xl font-semibold tracking-tight">Settings</h1>
        <nav aria-label="Settings" className="-mx-4 -mt-3 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0">
          <ul className="flex w-max gap-1">
            {SETTINGS_PLACES.filter(({ needs }) => needs === null || may(needs)).map(({ title, href }) => (
              <li key={href} ref={href === path ? intoView : undefined}>
                <Link href={href} aria-current={href === path ? "page" : undefined} className={tab(href === path)}>
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        {isShut ? <Shut title={here.title} /> : <div className="flex flex-col gap-10">{children}</div>}
      </div>
    </main>
  );
}

/** Somebody came by an address that their role does not open. */
function Shut({ title }: { title: string }) {
  const { workspace } = useSession();
  return (
    <EmptyState icon={Lock} title={`“${title}” is not open to you`}>
      {workspace && `You are ${aRole(workspace.role)} of ${workspace.name}. `}Ask an owner if you need to see it.
    </EmptyState>
  );
}

/** On a phone the strip is wider than the screen. */
function intoView(item: HTMLElement | null) {
  item?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

const tab = (isHere: boolean) =>
  cx(
    "flex min-h-9 items-center border-b-2 px-2.5 text-sm -outline-offset-2! max-sm:min-h-11",
    isHere ? "border-accent font-medium text-ink" : "border-transparent text-ink-soft hover:text-ink",
  );
