import { useRef } from "react";
import { Dialog } from "@/ui/Dialog";
import { Kbd } from "@/ui/Kbd";
import { COMMANDS } from "./commands";

const GROUPS = [
  ["Go", "Go around"],
  ["Change", "Change the agent"],
  ["View", "Look"],
] as const;

/** All keys of the canvas. */
export function HelpSheet({ isEditable, onClose }: { isEditable: boolean; onClose: () => void }) {
  const content = useRef<HTMLDivElement>(null);
  return (
    <Dialog
      open
      initialFocus={content}
      title="Keys on the canvas"
      description="They work while the canvas has the focus."
      onClose={onClose}
    >
      <div ref={content} tabIndex={-1} className="grid outline-none gap-x-8 gap-y-4 pb-3 sm:grid-cols-2">
        {GROUPS.filter(([group]) => isEditable || group !== "Change").map(([group, title]) => (
          <section key={group}>
            <h3 className="mb-1 text-xs font-medium text-ink-faint">{title}</h3>
            <dl>
              {COMMANDS.filter((command) => command.group === group).map((command) => (
                <div key={command.id} className="flex items-center justify-between gap-3 py-1 text-sm">
                  <dt>{command.title}</dt>
                  <dd className="flex gap-1.5">
                    {command.keys.map((keys) => (
                      <Kbd key={keys} keys={keys} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
