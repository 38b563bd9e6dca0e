/** The words of the API that the inbox uses. */
import type { Schemas } from "@/client";

export type Approval = Schemas["Approval"];
export type ApprovalChoice = Schemas["ApprovalDecision"]["decision"];
export type InboxItem = Schemas["InboxItem"];
export type InboxDetail = Schemas["InboxDetail"];
export type Action = InboxItem["actions"][number];
export type Cause = NonNullable<Schemas["InboxFilter"]["causes"]>[number];
export type Decision = Schemas["ManyDecisions"]["decision"];
export type Decided = Schemas["Decided"];
export type DecidedOrNot = Schemas["DecidedOrNot"];
