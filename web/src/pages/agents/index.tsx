export { AgentsScreen as default } from "@/agents/AgentsScreen";
