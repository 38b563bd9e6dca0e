/** What waits for a person, for the other parts: the question that a run asks, and the decision about one that needs one.
 *  How much waits is in `InboxCount`: every page has that, and nothing more of the inbox. */
export { OneApproval } from "./OneApproval";
export { RunDecision } from "./RunDecision";
export type { Decided } from "./types";
