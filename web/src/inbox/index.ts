/** What waits for a person, for the other parts: how much it is, and the decision about one run. */
export { InboxCount } from "./InboxCount";
export { OneApproval } from "./OneApproval";
export { RunDecision } from "./RunDecision";
