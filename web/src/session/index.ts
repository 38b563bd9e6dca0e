/** The session, for the other parts: who is signed in, what they may do, and what calls past `api` have to carry. */
export { callHeaders, heedAnswer, signOut } from "./calls";
export { askServer, onReturn, useConnection } from "./connection";
export { isPublic } from "./paths";
export type { Permission } from "./permissions";
export { SessionGate } from "./SessionGate";
export { chooseWorkspace } from "./store";
export { useSession } from "./useSession";
