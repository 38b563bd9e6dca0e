export { SetUpScreen as default } from "@/session/SetUpScreen";
