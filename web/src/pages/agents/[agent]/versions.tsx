export { VersionsScreen as default } from "@/versions/VersionsScreen";
