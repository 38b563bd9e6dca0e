export { KeysScreen as default } from "@/workspace/KeysScreen";
