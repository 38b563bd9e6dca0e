import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { Command, defaultFilter } from "cmdk";
import { ArrowRight, Bot, LogOut, type LucideIcon, Plus, Search, Settings } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { useGo } from "@/navigation";
import { agentsQuery } from "@/agents";
import { signOut, useSession } from "@/session";
import { Kbd } from "@/ui/Kbd";
import { toast } from "@/ui/toast";
import { closePalette, type Command as AppCommand, usePalette } from "./commands";
import { THEMES } from "./PersonMenu";
import { PLACES, SETTINGS_PLACES } from "./places";
import { chooseTheme } from "./theme";
import { useEnterWorkspace } from "./WorkspaceMenu";

/** Search and commands: what this screen can do, the agents by name, the parts of the app. */
export default function PaletteDialog() {
  const isOpen = usePalette((state) => state.isOpen);
  const box = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open={isOpen} onOpenChange={(next) => next || closePalette()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <Dialog.Popup
          ref={box}
          aria-label="Search and commands"
          className="popup dialog-motion fixed inset-x-2 top-2 z-10 overflow-hidden rounded-lg! sm:inset-x-4 sm:top-[14vh] sm:mx-auto sm:max-w-150"
        >
          <Command label="Search and commands" loop filter={byWords}>
            <div className="flex items-center gap-2.5 border-b border-line px-4">
              <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
              <Command.Input
                placeholder="Search agents and commands"
                onValueChange={() => requestAnimationFrame(() => box.current && nameChosen(box.current))}
                className="h-12 w-full bg-transparent text-base outline-none placeholder:text-ink-faint"
              />
              <Kbd keys="Esc" className="max-sm:hidden" />
            </div>
            <Command.List className="max-h-[min(60vh,26rem)] overflow-y-auto scroll-py-2 p-2">
              <Command.Empty className="px-3 py-8 text-center text-sm text-ink-soft">
                Nothing has that name. Try another word.
              </Command.Empty>
              <Groups />
            </Command.List>
          </Command>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Tells screen readers which item is chosen after what is typed has changed: cmdk still names the one before. */
function nameChosen(box: HTMLElement): void {
  const chosen = box.querySelector("[cmdk-item][aria-selected=true]");
  for (const control of box.querySelectorAll("[cmdk-input], [cmdk-list]")) {
    if (chosen) control.setAttribute("aria-activedescendant", chosen.id);
    else control.removeAttribute("aria-activedescendant");
  }
}

/** What is typed is sought in the titles and words, not in the ids. */
function byWords(_id: string, typed: string, words: string[] = []): number {
  return defaultFilter(words.join(" "), typed);
}

function Groups() {
  return (
    <>
      <OfTheScreen />
      <Places />
      <Agents />
      <OfThePerson />
    </>
  );
}

function OfTheScreen() {
  const commands = usePalette((state) => state.commands);
  const groups = new Map<string, AppCommand[]>();
  for (const command of commands.values()) {
    const heading = command.group ?? "This screen";
    groups.set(heading, [...(groups.get(heading) ?? []), command]);
  }
  return [...groups].map(([heading, own]) => (
    <Group key={heading} heading={heading}>
      {own.map((command) => (
        <Item key={command.id} {...command} />
      ))}
    </Group>
  ));
}

function Agents() {
  const go = useGo();
  const { data } = useQuery(agentsQuery);
  if (!data?.agents.length) return null;
  return (
    <Group heading="Agents">
      {data.agents.map(({ id, name, slug }) => (
        <Item key={id} id={`agent.${id}`} title={name} words={[slug]} icon={Bot} run={() => go(`/agents/${id}`)} />
      ))}
    </Group>
  );
}

function Places() {
  const go = useGo();
  const { may, workspace, workspaces } = useSession();
  const enter = useEnterWorkspace();
  const others = workspaces.filter(({ id }) => id !== workspace?.id);
  return (
    <Group heading="Go to">
      {PLACES.map(({ title, href, icon }) => (
        <Item key={href} id={`go.${href}`} title={title} icon={icon} run={() => go(href)} />
      ))}
      {may("agents:write") && (
        <Item id="go.new" title="New agent" icon={Plus} words={["create", "draft"]} run={() => go("/agents/new")} />
      )}
      {SETTINGS_PLACES.filter(({ needs }) => needs === null || may(needs)).map(({ title, href }) => (
        <Item key={href} id={`go.${href}`} title={title} icon={Settings} words={["settings"]} run={() => go(href)} />
      ))}
      {others.map(({ id, name }) => (
        <Item key={id} id={`workspace.${id}`} title={`Workspace ${name}`} icon={ArrowRight} run={() => enter(id)} />
      ))}
    </Group>
  );
}

function OfThePerson() {
  return (
    <Group heading="You">
      {THEMES.map(({ theme, title, icon }) => (
        <Item
          key={theme}
          id={`theme.${theme}`}
          title={`Theme: ${title.toLowerCase()}`}
          icon={icon}
          words={["appearance", "mode"]}
          run={() => chooseTheme(theme)}
        />
      ))}
      <Item id="sign-out" title="Sign out" icon={LogOut} run={() => void signOut().catch(toast.problem)} />
    </Group>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-faint"
    >
      {children}
    </Command.Group>
  );
}

function Item({ id, title, keys, icon: Icon = ArrowRight, words, disabled, run }: AppCommand & { icon?: LucideIcon }) {
  return (
    <Command.Item
      value={id}
      keywords={[title, ...(words ?? [])]}
      disabled={disabled}
      onSelect={() => {
        closePalette();
        run();
      }}
      className="popup-item data-[selected=true]:bg-hover"
    >
      <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 grow truncate">{title}</span>
      {keys && <Kbd keys={keys} className="max-sm:hidden" />}
    </Command.Item>
  );
}
