/** Everything a view of a spec's text brings along: keys, looks, completion, findings. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { highlightSelectionMatches } from "@codemirror/search";
import type { Extension } from "@codemirror/state";
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { complete, type Surroundings } from "./completion";
import { findings } from "./findings";
import { flash } from "./flash";
import { agentSpec } from "./language";
import { hiddenLineEnds } from "./line_ends";
import { look } from "./look";
import { preview } from "./preview";
import { searching } from "./searching";
import { steps } from "./steps";
import { reveal } from "./sync";
import { closeTemplates, templates } from "./templates";

export type TextMode = "plain" | "preview";

/** Characters that are not seen or mislead, but for a byte order mark at the start and the CR of a line's end. */
const NOT_SEEN =
  /(?![\t\r])\p{Cc}|[\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202d\u202e\u2066\u2067\u2069\ufff9-\ufffc]|\ufeff(?!---)|\r(?!$)/gu;

export interface Dress extends Surroundings {
  mode: TextMode;
  readOnly: boolean;
  label: string;
}

export function dress({ mode, readOnly, label, ...around }: Dress): Extension {
  return [
    agentSpec(),
    // Of two looks the first goes before.
    mode === "preview" ? preview(around.kinds) : plain(),
    look(),
    EditorView.lineWrapping,
    highlightSpecialChars({ specialChars: NOT_SEEN, render: specialChar }),
    hiddenLineEnds,
    bracketMatching(),
    highlightSelectionMatches(),
    searching(),
    steps(),
    findings(),
    flash(),
    templates,
    reveal,
    readOnly ? reading() : writing(around),
    keymap.of([...foldKeymap, ...historyKeymap, ...defaultKeymap]),
    EditorView.contentAttributes.of({
      "aria-label": label,
      // Said out loud for checkers, which do not know that text which can be edited can be reached.
      tabindex: "0",
      spellcheck: mode === "preview" ? "true" : "false",
    }),
  ];
}

function plain(): Extension {
  return [lineNumbers(), foldGutter(), highlightActiveLine(), highlightActiveLineGutter()];
}

function writing(around: Surroundings): Extension {
  return [
    closeBrackets(),
    indentOnInput(),
    autocompletion({
      override: [complete(around)],
      icons: false,
      maxRenderedOptions: 60,
      // A key or a lead that was picked wants its value next.
      activateOnCompletion: ({ apply }) => typeof apply === "string" && /(: |`|→ |\()$/.test(apply),
    }),
    closeTemplates,
    keymap.of([...closeBracketsKeymap, ...completionKeymap, indentWithTab]),
    EditorView.contentAttributes.of({ "aria-description": "Escape and then Tab leaves the text." }),
  ];
}

function reading(): Extension {
  return EditorView.editable.of(false);
}

function specialChar(code: number, description: string | null): HTMLElement {
  const sign = document.createElement("span");
  sign.className = "cm-specialChar";
  sign.textContent = "•";
  sign.title = description ?? `Character U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return sign;
}
