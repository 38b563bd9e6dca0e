/** The session, for the other parts: who is signed in, what they may do, and what calls past `api` have to carry. */
export { callHeaders, enter, heedAnswer, refresh, signOut } from "./calls";
export { CodeField, PasswordField } from "./Credentials";
export { askServer, onReturn, useConnection } from "./connection";
export { isPublic } from "./paths";
export { type Permission, roleMay } from "./permissions";
export { Doorstep } from "./Doorstep";
export { aRole, type Role, ROLES } from "./roles";
export { SessionGate } from "./SessionGate";
export { chooseWorkspace } from "./store";
export { useSubmit } from "./useSubmit";
export { useSession } from "./useSession";
