export { AuditScreen as default } from "@/workspace/AuditScreen";
