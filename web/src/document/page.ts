/** What the page around a document tells: the person looks away or comes back, other tabs have stored something. */

interface Listeners {
  /** The window lost the focus. */
  left: () => void;
  /** The page may be gone after this. */
  going: () => void;
  back: () => void;
  online: () => void;
}

/** Listens until the way out that it gives is taken. Where there is no window there is nothing to hear. */
export function onPageEvents({ left, going, back, online }: Listeners): () => void {
  if (typeof window === "undefined") return () => undefined;
  const seen = () => (document.visibilityState === "hidden" ? going() : back());
  const heard: [EventTarget, string, () => void][] = [
    [window, "blur", left],
    [window, "focus", back],
    [window, "pagehide", going],
    [window, "online", online],
    [document, "visibilitychange", seen],
  ];
  for (const [target, name, listener] of heard) target.addEventListener(name, listener);
  return () => {
    for (const [target, name, listener] of heard) target.removeEventListener(name, listener);
  };
}

/** The other tabs of this browser that show the same agent. */
export interface Tabs {
  /** Tells them that there is a new revision. */
  tell(): void;
  close(): void;
}

export function tabsOf(agentId: string, heard: () => void): Tabs {
  if (typeof BroadcastChannel === "undefined") return { tell: () => undefined, close: () => undefined };
  const channel = new BroadcastChannel(`plainwork.draft.${agentId}`);
  channel.onmessage = heard;
  return { tell: () => channel.postMessage("stored"), close: () => channel.close() };
}
