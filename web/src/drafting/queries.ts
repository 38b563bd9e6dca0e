/** What the New agent screen asks of the server, and how it makes the agent. */
import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";

export type Template = Schemas["Template"];

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: () => unwrap(api.GET("/api/v1/models")),
  staleTime: 60_000,
});

/** What the server reads in a text. Throws Problem. */
export function readText(markdown: string, signal?: AbortSignal): Promise<Schemas["Parsed"]> {
  return unwrap(api.POST("/api/v1/specs/parse", { body: { markdown }, signal }));
}

/** Makes an agent that is not live yet, under this name; gives its id. Throws Problem. */
export async function createAgent(markdown: string, name: string): Promise<string> {
  const made = await unwrap(
    api.POST("/api/v1/agents", { body: { markdown: await named(markdown, name), live: false, note: "" } }),
  );
  await queryClient.invalidateQueries({ queryKey: ["agents"] });
  return made.id;
}

/** The document under another title. */
async function named(markdown: string, name: string): Promise<string> {
  if (titleOf(markdown) === name) return markdown;
  const change = { op: "set", node: null, path: "title", value: name };
  return (await unwrap(api.POST("/api/v1/specs/edit", { body: { markdown, change } }))).markdown;
}

/** The title of a document: its first heading of the first level. */
export function titleOf(markdown: string): string {
  return /^# +(.+?)[ \t]*$/m.exec(markdown)?.[1] ?? "";
}
