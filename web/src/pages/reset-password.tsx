export { ResetPasswordScreen as default } from "@/session/ResetPasswordScreen";
