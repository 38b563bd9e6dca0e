/** What is open in the editor: which of the two views, the panel at the side, the dialogs, the run that is watched. */
import { createContext, useContext } from "react";
import { createStore, type StoreApi, useStore } from "zustand";

export type Layout = "text" | "both" | "canvas";
export type TextMode = "preview" | "plain" | "json";
/** What the panel at the right shows. */
export type Side = "settings" | "run" | null;
/** What a narrow screen shows: one thing at a time. */
export type Tab = "text" | "canvas" | "settings" | "run";
export type DialogName = "live" | null;

export interface EditorState {
  layout: Layout;
  mode: TextMode;
  side: Side;
  tab: Tab;
  dialog: DialogName;
  /** The person closed the panel, so that selecting alone does not open it again. */
  is_side_dismissed: boolean;
  are_findings_open: boolean;
  /** Who asked for the panel by a key: it takes the focus, and gives it back there on Escape. */
  called_from: Element | null;
}

export type EditorStore = StoreApi<EditorState>;

export function createEditorStore(side: Side = null): EditorStore {
  return createStore<EditorState>(() => ({
    layout: "both",
    mode: "preview",
    side,
    tab: side ?? "canvas",
    dialog: null,
    is_side_dismissed: false,
    are_findings_open: false,
    called_from: null,
  }));
}

/** Shows a panel, on narrow screens as the tab. */
export function openSide(store: EditorStore, side: "settings" | "run"): void {
  store.setState({ side, tab: side });
}

/** As `openSide`; the focus goes into the settings. */
export function callSettings(store: EditorStore): void {
  openSide(store, "settings");
  store.setState({ called_from: window.document.activeElement });
}

/** Brings the text into sight, also from where it is hidden or shown as JSON. */
export function showText(store: EditorStore): void {
  store.setState(({ layout, mode }) => ({
    tab: "text",
    layout: layout === "canvas" ? "both" : layout,
    mode: mode === "json" ? "preview" : mode,
  }));
}

export function closeSide(store: EditorStore): void {
  store.setState({ side: null, is_side_dismissed: true });
}

/** A step was selected on the canvas: its settings come up unless the person has put them away. */
export function showSelected(store: EditorStore, node: string | null): void {
  const { side, is_side_dismissed } = store.getState();
  if (node !== null && side === null && !is_side_dismissed) store.setState({ side: "settings" });
  if (node !== null && side === "run") store.setState({ side: "settings" });
}

const Context = createContext<EditorStore | null>(null);
export const EditorProvider = Context.Provider;

export function useEditorStore(): EditorStore {
  const store = useContext(Context);
  if (!store) throw new Error("The editor's parts need an <EditorProvider> around them.");
  return store;
}

export function useEditor<T>(select: (state: EditorState) => T): T {
  return useStore(useEditorStore(), select);
}
