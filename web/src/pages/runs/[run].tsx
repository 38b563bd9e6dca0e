export { RunScreen as default } from "@/runs/RunScreen";
