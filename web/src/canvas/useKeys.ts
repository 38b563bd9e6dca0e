import type { KeyboardEvent, PointerEvent, RefObject } from "react";
import type { Outcome } from "./command";
import { commandFor } from "./commands";
import { keysOf } from "./keys";
import { type CanvasState, IDLE, useCanvasStore } from "./state";

/** What keys do that are pressed on the canvas itself; fields and buttons in it have their own. */
export function useKeys(pane: RefObject<HTMLElement | null>) {
  const store = useCanvasStore();
  return (event: KeyboardEvent) => {
    const { target } = event;
    const isHere = target instanceof Element && pane.current?.contains(target);
    if (!isHere || event.defaultPrevented || event.nativeEvent.isComposing) return;
    const keys = keysOf(event);
    const outcome = target.closest("[data-overlay]")
      ? leaving(keys)
      : performed(store.getState(), keys, target === pane.current);
    if (outcome === null) return;
    event.preventDefault();
    store.getState().perform(outcome);
  };
}

function leaving(keys: string): Outcome | null {
  return keys === "Esc" ? { does: "mode", mode: IDLE } : null;
}

/** What the command for the keys comes to. Enter on a button is the button's. */
function performed({ situation, mode }: CanvasState, keys: string, isOnPane: boolean): Outcome | null {
  if (situation === null || (keys === "Enter" && !isOnPane)) return null;
  const now = { ...situation, mode };
  return commandFor(keys, now)?.perform(now) ?? null;
}

/** A press beside an overlay leaves it. */
export function useLeavingOverlays() {
  const store = useCanvasStore();
  return ({ target, currentTarget }: PointerEvent) => {
    const { is } = store.getState().mode;
    if (is === "idle" || is === "help" || !(target instanceof Element) || !currentTarget.contains(target)) return;
    // A press on a card says where the connection shall lead.
    if (is === "connecting" && target.closest(".react-flow__node")) return;
    if (target.closest("[data-overlay]") === null) store.setState({ mode: IDLE });
  };
}
