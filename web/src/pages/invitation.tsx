export { InvitationScreen as default } from "@/session/InvitationScreen";
