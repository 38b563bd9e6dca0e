/** Who is signed in, in which workspace, and whether that still holds. Told to the other tabs of this browser. */
import { create } from "zustand";
import type { Schemas } from "@/client";

export type Session = Schemas["Session"];
export type Workspace = Schemas["Membership"];

/** `single_sign_on`: there is a provider. `mails`: a new password can be had by mail. */
export type Ways = Pick<Schemas["Visitor"], "single_sign_on" | "mails">;

interface SessionState {
  /** `asking`: not known yet. `nobody`: nobody is signed in. `new`: the first owner is still to be made. */
  phase: "asking" | "nobody" | "new" | "signed-in";
  session: Session | null;
  workspaceId: string | null;
  /** How one can sign in, beside a password; null: not known yet. */
  ways: Ways | null;
  /** The server has ended the session under the page; nothing is unmounted, the person signs in over it. */
  isExpired: boolean;
}

const CHOICE = "plainwork.workspace";

export const useSessionStore = create<SessionState>(() => ({
  phase: "asking",
  session: null,
  workspaceId: null,
  ways: null,
  isExpired: false,
}));

const store = useSessionStore;

/** Somebody is signed in. Their last workspace is taken up again where they still belong to it. */
export function beginSession(session: Session): void {
  const before = store.getState();
  if (before.session && before.session.user.id !== session.user.id) {
    window.location.reload(); // what is on this page belongs to somebody else
    return;
  }
  const wanted = before.workspaceId ?? stored();
  const workspace = session.workspaces.find(({ id }) => id === wanted) ?? session.workspaces[0];
  store.setState({ phase: "signed-in", session, workspaceId: workspace?.id ?? null, isExpired: false });
}

/** Nobody is, or the first owner is still to be made. */
export function endSession(phase: "nobody" | "new"): void {
  store.setState({ phase, session: null, isExpired: false });
}

/** The server does not know the session any more. */
export function expireSession(): void {
  if (store.getState().phase === "signed-in") store.setState({ isExpired: true });
}

/** Works in another workspace from here on. */
export function chooseWorkspace(id: string): void {
  try {
    localStorage.setItem(CHOICE, id);
  } catch {
    // Storage may be off; the choice holds as long as the page.
  }
  store.setState({ workspaceId: id });
}

function stored(): string | null {
  try {
    return localStorage.getItem(CHOICE);
  } catch {
    return null;
  }
}
