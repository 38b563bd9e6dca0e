/** Findings as CodeMirror shows problems: underlined, marked in the gutter, told on hover, walked through by F8. */
import {
  type Diagnostic,
  linter,
  lintGutter,
  nextDiagnostic,
  previousDiagnostic,
  setDiagnostics,
} from "@codemirror/lint";
import type { EditorState, Extension, TransactionSpec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import type { Finding } from "@/document";
import { rangeOf } from "@/document/positions";

/** More than this helps nobody, and costs at every key. */
const MOST_SHOWN = 500;

export function findings(): Extension {
  const keys = keymap.of([
    { key: "F8", run: nextDiagnostic, preventDefault: true },
    { key: "Shift-F8", run: previousDiagnostic, preventDefault: true },
  ]);
  return [linter(null), lintGutter(), keys];
}

/** Shows these findings, which belong to the present text. */
export function showFindings(state: EditorState, all: readonly Finding[]): TransactionSpec {
  const shown = all.slice(0, MOST_SHOWN).map((finding) => diagnosticOf(state, finding));
  return setDiagnostics(state, shown);
}

export function diagnosticOf({ doc }: EditorState, finding: Finding): Diagnostic {
  const { message, next_step, severity = "error" } = finding;
  return {
    ...rangeOf(doc, finding),
    severity,
    message: next_step ? `${message} ${next_step}` : message,
    renderMessage: () => told(message, next_step ?? null),
  };
}

function told(message: string, nextStep: string | null): HTMLElement {
  const box = document.createElement("div");
  box.textContent = message;
  if (nextStep) {
    const next = document.createElement("div");
    next.className = "cm-finding-next";
    next.textContent = nextStep;
    box.append(next);
  }
  return box;
}
