/** What can be done in the editor, each once: the header's buttons, the keys and the palette all take it from here. */
import {
  Braces,
  Columns2,
  Download,
  History,
  type LucideIcon,
  Play,
  Radio,
  Redo2,
  Save,
  Settings2,
  Undo2,
} from "lucide-react";
import { useEffect, useEffectEvent } from "react";
import type { OpenDocument } from "@/document";
import { type Command, useCommand } from "@/shell";
import { copyText } from "@/ui/clipboard";
import { toast } from "@/ui/toast";
import { downloadText } from "@/ui/download";
import { fileName } from "./download";
import type { Running } from "./running";
import { type EditorStore, openSide } from "./state";

export interface Action extends Pick<Command, "title" | "keys" | "disabled" | "run"> {
  icon: LucideIcon;
  /** Other keys for the same. */
  also?: string;
}

export interface Actions {
  run: Action;
  live: Action;
  save: Action;
  undo: Action;
  redo: Action;
  settings: Action;
  layout: Action;
  versions: Action;
  download: Action;
  copy: Action;
}

interface Setting {
  document: OpenDocument;
  store: EditorStore;
  running: Running;
  mayEdit: boolean;
  mayRun: boolean;
  showVersions: () => void;
}

export function actionsOf({ document, store, running, mayEdit, mayRun, showVersions }: Setting): Actions {
  const LAYOUTS = { text: "both", both: "canvas", canvas: "text" } as const;
  return {
    run: { title: "Run", keys: "Mod+Enter", icon: Play, disabled: !mayRun || !mayEdit, run: running.run },
    live: { title: "Make live", icon: Radio, disabled: !mayEdit, run: () => store.setState({ dialog: "live" }) },
    save: { title: "Save now", keys: "Mod+S", icon: Save, disabled: !mayEdit, run: () => void saveNow(document) },
    undo: { title: "Undo", keys: "Mod+Z", icon: Undo2, disabled: !mayEdit, run: () => document.undo() },
    redo: {
      title: "Redo",
      keys: "Mod+Shift+Z",
      also: "Mod+Y",
      icon: Redo2,
      disabled: !mayEdit,
      run: () => document.redo(),
    },
    settings: {
      title: "Agent settings",
      icon: Settings2,
      run: () => {
        document.select(null, "elsewhere");
        openSide(store, "settings");
      },
    },
    layout: {
      title: "Change the view: text, both, canvas",
      keys: "Mod+\\",
      icon: Columns2,
      run: () => store.setState(({ layout }) => ({ layout: LAYOUTS[layout] })),
    },
    versions: { title: "Versions", icon: History, run: showVersions },
    download: {
      title: "Download as markdown",
      icon: Download,
      run: () => downloadText(fileName(document.get().drawn?.spec?.title ?? ""), document.get().text, "text/markdown"),
    },
    copy: { title: "Copy as JSON", icon: Braces, run: () => void copyJson(document) },
  };
}

async function saveNow(document: OpenDocument): Promise<void> {
  try {
    await document.save();
    toast.good("The draft is saved.");
  } catch (why) {
    toast.problem(why);
  }
}

async function copyJson(document: OpenDocument): Promise<void> {
  const spec = document.get().reading?.spec;
  if (!spec) return toast.problem(new Error("The text cannot be read at present. Mend it first."));
  try {
    await copyText(JSON.stringify(spec, null, 2));
    toast.good("Copied as JSON.");
  } catch (why) {
    toast.problem(why);
  }
}

/** Puts the actions into the palette and listens for their keys. */
export function useActions(actions: Actions): void {
  useCommand(commandOf("run", actions.run));
  useCommand(commandOf("live", actions.live));
  useCommand(commandOf("versions", actions.versions));
  useCommand(commandOf("settings", actions.settings));
  useCommand(commandOf("layout", actions.layout));
  useCommand(commandOf("download", actions.download));
  useCommand(commandOf("copy", actions.copy));
  const keyed = useEffectEvent((event: KeyboardEvent) => {
    const action = Object.values(actions).find(
      (one: Action) => isPressed(one.keys, event) || isPressed(one.also, event),
    ) as Action | undefined;
    if (!action || event.defaultPrevented || (isHistory(action, actions) && isTyping(event.target))) return;
    event.preventDefault();
    if (!action.disabled) action.run();
  });
  useEffect(() => {
    window.addEventListener("keydown", keyed);
    return () => window.removeEventListener("keydown", keyed);
  }, []);
}

function commandOf(id: string, { title, keys, icon, disabled, run }: Action): Command {
  return { id: `editor.${id}`, title, keys, icon, disabled, run, group: "This agent" };
}

/** `Mod+Shift+Z` against what was pressed. */
export function isPressed(
  keys: string | undefined,
  event: Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "shiftKey" | "altKey">,
) {
  if (!keys) return false;
  const parts = keys.split("+");
  const key = parts.at(-1)?.toLowerCase();
  const has_mod = event.metaKey || event.ctrlKey;
  return event.key.toLowerCase() === key && has_mod && event.shiftKey === parts.includes("Shift") && !event.altKey;
}

function isHistory(action: Action, { undo, redo }: Actions): boolean {
  return action === undo || action === redo;
}

/** A field has a history of its own. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
