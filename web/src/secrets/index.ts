/** Secrets and connected accounts, for the other parts: what there is, and how one is added. */
export { AddSecretDialog } from "./AddSecretDialog";
export { secretsQuery } from "./queries";
export { useService } from "./useService";
export { useSecretNames } from "./useSecretNames";
