export { SecretsScreen as default } from "@/secrets/SecretsScreen";
