import { ChevronUp, CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { type Finding, type OpenDocument, useDocument } from "@/document";
import { cx } from "@/ui/cx";
import { countWords, inOrder, isError } from "./findings";
import { goTo } from "./places";
import { useEditor, useEditorStore } from "./state";

const NONE: readonly Finding[] = [];

/** What the checks say of the text, below it: how much there is, and on request what. */
export function FindingsBar({ document }: { document: OpenDocument }) {
  const store = useEditorStore();
  const isOpen = useEditor((state) => state.are_findings_open);
  const reading = useDocument(document, (state) => state.reading);
  const findings = reading?.findings ?? NONE;
  const words = countWords(findings);
  return (
    <section aria-label="Findings" className={cx("shrink-0 border-t border-line bg-paper", !words && "max-sm:hidden")}>
      {isOpen && words && (
        <FindingList findings={inOrder(findings)} onGo={(finding) => goTo(document, store, finding)} />
      )}
      <button
        type="button"
        disabled={!words}
        aria-expanded={words ? isOpen : undefined}
        onClick={() => store.setState({ are_findings_open: !isOpen })}
        className="flex min-h-8 w-full items-center gap-2 px-3 text-left text-xs text-ink-soft -outline-offset-2! enabled:hover:bg-hover max-sm:min-h-11"
      >
        <Mark findings={findings} />
        <span role="status">{reading ? (words ?? "No findings: this can run.") : "Reading the text"}</span>
        {words && (
          <ChevronUp aria-hidden className={cx("ml-auto size-3.5 transition-transform", isOpen && "rotate-180")} />
        )}
      </button>
    </section>
  );
}

function Mark({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return <CircleCheck aria-hidden className="size-3.5 text-good" />;
  if (findings.some(isError)) return <CircleAlert aria-hidden className="size-3.5 text-bad" />;
  return <TriangleAlert aria-hidden className="size-3.5 text-warn" />;
}

function FindingList({ findings, onGo }: { findings: Finding[]; onGo: (finding: Finding) => void }) {
  return (
    <ul className="max-h-56 overflow-y-auto border-b border-line p-1">
      {findings.map((finding, i) => (
        <li key={i}>
          <FindingRow finding={finding} onGo={() => onGo(finding)} />
        </li>
      ))}
    </ul>
  );
}

function FindingRow({ finding, onGo }: { finding: Finding; onGo: () => void }) {
  const Icon = isError(finding) ? CircleAlert : TriangleAlert;
  return (
    <button
      type="button"
      onClick={onGo}
      className="flex w-full items-start gap-2 rounded-sm px-2 py-1.5 text-left text-sm -outline-offset-2! hover:bg-hover"
    >
      <Icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", isError(finding) ? "text-bad" : "text-warn")} />
      <span className="sr-only">{isError(finding) ? "Error:" : "Warning:"}</span>
      <span className="min-w-0 grow">
        {finding.message}
        {finding.next_step && <span className="text-ink-soft"> {finding.next_step}</span>}
      </span>
      <span className="shrink-0 text-xs text-ink-faint tabular-nums">
        {[finding.node, finding.line && `line ${finding.line}`].filter(Boolean).join(" · ")}
      </span>
    </button>
  );
}
