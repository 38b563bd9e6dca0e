/** The commands of the palette. Screens put theirs in while they are there. */
import type { LucideIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { create } from "zustand";

export interface Command {
  /** Unique, such as `editor.run`. */
  id: string;
  /** A verb with its object: "Run this agent". */
  title: string;
  /** Shown beside it, such as `Mod+Enter`; listening for it is up to the screen. */
  keys?: string;
  icon?: LucideIcon;
  /** The heading it stands under; that of the screen by default. */
  group?: string;
  /** More words under which it is found. */
  words?: string[];
  disabled?: boolean;
  run: () => void;
}

interface Palette {
  isOpen: boolean;
  commands: ReadonlyMap<string, Command>;
}

export const usePalette = create<Palette>(() => ({ isOpen: false, commands: new Map() }));

export const openPalette = () => usePalette.setState({ isOpen: true });
export const closePalette = () => usePalette.setState({ isOpen: false });

/** Puts a command into the palette for as long as the component is there; null puts none. `run` may be a new one each
 *  time. */
export function useCommand(command: Command | null): void {
  const newest = useRef(command);
  useEffect(() => {
    newest.current = command;
  });
  const { id, title, keys, icon, group, disabled } = command ?? {};
  const words = command?.words?.join(" ");
  useEffect(() => {
    if (!id || !title) return;
    put({ id, title, keys, icon, group, disabled, words: words?.split(" "), run: () => newest.current?.run() });
    return () => remove(id);
  }, [id, title, keys, icon, group, disabled, words]);
}

function put(command: Command): void {
  usePalette.setState(({ commands }) => ({ commands: new Map(commands).set(command.id, command) }));
}

function remove(id: string): void {
  usePalette.setState(({ commands }) => {
    const left = new Map(commands);
    left.delete(id);
    return { commands: left };
  });
}
