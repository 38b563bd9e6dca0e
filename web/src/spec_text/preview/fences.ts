/** What stands over a fenced block when it is drawn as a card. */
import { type Kind, kindOf } from "@/document";
import { CardHead } from "./widgets";

/** Blocks that are part of the program: a step, an example's part, or a long text of a step (`text prompt`). */
export function isCard(info: string): boolean {
  return /^\S+\s+\S/.test(info);
}

export function fenceHead(info: string, body: string, kinds: ReadonlyMap<string, Kind>): CardHead {
  const [language = "", key = ""] = info.split(/\s+/);
  if (key === "step") return stepHead(body, kinds);
  if (key === "given" || key === "expect") return new CardHead({ title: key === "given" ? "Given" : "Expected" });
  if (key) return new CardHead({ title: inWords(key), note: language === "text" ? "" : language });
  return new CardHead({ title: "", note: language });
}

function stepHead(body: string, kinds: ReadonlyMap<string, Kind>): CardHead {
  const uses = /^uses:[ \t]*["']?([\w.@-]+)/m.exec(body)?.[1];
  if (!uses) return new CardHead({ title: "No step kind yet" });
  const kind = kindOf(kinds, uses);
  return new CardHead({ kind: uses, group: kind?.group, title: kind?.title ?? uses, note: kind ? uses : "" });
}

function inWords(key: string): string {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
