export { LogsScreen as default } from "@/logs/LogsScreen";
