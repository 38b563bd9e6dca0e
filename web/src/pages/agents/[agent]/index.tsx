export { EditorScreen as default } from "@/editor/EditorScreen";
