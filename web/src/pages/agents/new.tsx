export { NewAgentScreen as default } from "@/drafting/NewAgentScreen";
