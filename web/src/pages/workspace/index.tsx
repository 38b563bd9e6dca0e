export { WorkspaceScreen as default } from "@/workspace/WorkspaceScreen";
