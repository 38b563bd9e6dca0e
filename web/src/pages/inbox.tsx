export { InboxScreen as default } from "@/inbox/InboxScreen";
