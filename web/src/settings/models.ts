/** Models as a setting holds them: one name, or several to fall back on. */
import type { Written } from "./values";

/** Models as they are typed: several with commas. */
export function modelsText(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : "";
}

export function readModels(text: string): Written {
  if (text.includes("{{")) return { value: text.trim() };
  const names = text.split(",").map((one) => one.trim());
  const models = names.filter(Boolean);
  if (models.length === 0) return { nothing: true };
  return { value: models.length === 1 ? models[0] : models };
}
