/** A workspace as files: taken out, chosen from the disk, and put in by plan. All throw Problem. */
import { api, type Schemas } from "@/client";
import { unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import { textOf, unzip } from "./zip";

export type Plan = Schemas["Imported"];

/** Texts by their paths. */
export type Files = Record<string, string>;

/** What of a workspace stands in files; anything else in a folder is left out. */
const OURS = /^(agents\/[^/]+\.md|plainwork\.json|variables\.json|secrets\.json)$/;

export async function exportFiles(): Promise<Files> {
  return (await unwrap(api.GET("/api/v1/workspace/export"))).files;
}

/** What the files would change; with `apply`, it is changed. */
export async function importFiles(files: Files, apply: boolean): Promise<Plan> {
  const plan = await unwrap(api.POST("/api/v1/workspace/import", { body: { files, apply } }));
  if (apply) await queryClient.invalidateQueries();
  return plan;
}

export interface Chosen {
  files: Files;
  /** How many files do not belong to a workspace. */
  left_out: number;
}

/** The files that a person chose: an archive, or all of a folder. Throws Error, in words, for what cannot be read. */
export async function readChosen(chosen: readonly File[]): Promise<Chosen> {
  const [first] = chosen;
  if (chosen.length === 1 && first && /\.zip$/i.test(first.name)) {
    return oursOf(await unzip(new Uint8Array(await first.arrayBuffer())));
  }
  const ours = chosen.filter((file) => OURS.test(pathOf(file)));
  const texts = await Promise.all(
    ours.map(async (file) => [pathOf(file), textOf(file.name, new Uint8Array(await file.arrayBuffer()))] as const),
  );
  return { files: Object.fromEntries(texts), left_out: chosen.length - ours.length };
}

/** Those of an archive's texts that belong to a workspace, which may lie in one folder together. */
export function oursOf(texts: Readonly<Files>): Chosen {
  const paths = Object.keys(texts);
  const top = paths[0]?.split("/")[0] ?? "";
  const isFolded = paths.length > 0 && top !== "agents" && paths.every((path) => path.startsWith(`${top}/`));
  const named = Object.entries(texts).map(
    ([path, text]) => [isFolded ? path.slice(top.length + 1) : path, text] as const,
  );
  const ours = named.filter(([path]) => OURS.test(path));
  return { files: Object.fromEntries(ours), left_out: named.length - ours.length };
}

/** A file's path within the chosen folder. */
function pathOf({ webkitRelativePath, name }: File): string {
  return webkitRelativePath ? webkitRelativePath.split("/").slice(1).join("/") : name;
}
