export { TriggersScreen as default } from "@/triggers/TriggersScreen";
