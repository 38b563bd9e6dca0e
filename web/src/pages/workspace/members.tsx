export { MembersScreen as default } from "@/workspace/MembersScreen";
