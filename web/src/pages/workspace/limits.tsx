export { LimitsScreen as default } from "@/workspace/LimitsScreen";
