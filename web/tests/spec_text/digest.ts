/** A document with what the server read in it and the kinds that it knows, as it answered. */
import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { kindsById, type Kind, type Reading } from "@/document";
import { complete } from "@/spec_text/completion";
import stored from "./digest.json";

export const digest = stored as unknown as { markdown: string; reading: Reading; kinds: Kind[]; triggers: Kind[] };
export const kinds = kindsById(digest.kinds);

/** The labels that are offered at `‸`, by asking for them. */
export function offered(text: string, isAsked = true): string[] {
  const at = text.indexOf("‸");
  const state = EditorState.create({ doc: text.replace("‸", "") });
  const source = complete({
    kinds,
    triggers: kindsById(digest.triggers),
    reading: () => digest.reading,
    secrets: ["VAULTED", "MAIL"],
  });
  const found = source(new CompletionContext(state, at, isAsked));
  if (!found) return [];
  const written = text.slice(found.from, at).toLowerCase();
  return found.options.map(({ label }) => label).filter((label) => label.toLowerCase().startsWith(written));
}

/** The digest with one part of it written anew. */
export function changed(part: string, instead: string): string {
  if (!digest.markdown.includes(part)) throw new Error(`The digest has no ${part}`);
  return digest.markdown.replace(part, instead);
}
