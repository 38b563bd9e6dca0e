export { RunsScreen as default } from "@/runs/RunsScreen";
