/** How the live preview looks: a page of prose, with quiet cards for what is program. */
import { EditorView } from "@codemirror/view";

const color = (token: string) => `var(--color-${token})`;
const code = { fontFamily: "var(--font-mono)", fontSize: "var(--text-xs)", lineHeight: "1.375rem" };
const edge = `1px solid ${color("line")}`;

export const previewLook = EditorView.theme({
  ".cm-scroller": { fontFamily: "var(--font-sans)", fontSize: "var(--text-base)", lineHeight: "1.5rem" },
  ".cm-content": { padding: "1.25rem 0 40vh", maxWidth: "46rem", margin: "0 auto" },
  ".cm-line": { padding: "0 1.5rem" },
  ".cm-gutters": { display: "none" },
  ".cm-p-heading": { fontWeight: "600", letterSpacing: "-0.01em", textDecoration: "none" },
  ".cm-p-heading *": { textDecoration: "none", color: "inherit" },
  ".cm-p-h1": { fontSize: "var(--text-2xl)", lineHeight: "2.5rem", paddingTop: "0.5rem", letterSpacing: "-0.02em" },
  ".cm-p-h2": { fontSize: "var(--text-sm)", paddingTop: "1.25rem", color: color("ink-faint"), letterSpacing: "0" },
  ".cm-p-h3": { fontSize: "var(--text-lg)", lineHeight: "1.75rem", paddingTop: "0.5rem", paddingBottom: "0.25rem" },
  ".cm-p-h4, .cm-p-h5, .cm-p-h6": { fontSize: "var(--text-base)", paddingBlock: "0.375rem 0.25rem" },
  // Keys are quieter here than values.
  ".cm-p-card .cm-key": { color: color("ink-soft") },
  ".cm-p-emphasis": { fontStyle: "italic" },
  ".cm-p-strong": { fontWeight: "600" },
  ".cm-p-link": { color: color("accent"), textDecoration: "underline", textUnderlineOffset: "2px" },
  ".cm-p-code": {
    ...code,
    backgroundColor: color("sunken"),
    borderRadius: "var(--radius-sm)",
    padding: "0.1rem 0.3rem",
  },
  ".cm-p-code *": { color: color("ink") },
  ".cm-p-quote": {
    boxShadow: `inset 2px 0 0 ${color("line-strong")}`,
    color: color("ink-soft"),
    paddingLeft: "2.25rem",
  },
  ".cm-p-rule": { borderBottom: edge, color: color("ink-faint") },
  ".cm-p-comment": { color: color("ink-faint"), fontStyle: "italic" },
  ".cm-p-bullet": { color: color("ink-faint"), display: "inline-block", width: "0.6em" },
  ".cm-p-route": { fontSize: "var(--text-sm)", color: color("ink-soft"), lineHeight: "1.75rem" },
  ".cm-p-lead": { fontWeight: "550", color: color("ink") },
  ".cm-p-arrow": { color: color("accent"), padding: "0 0.2rem" },
  ".cm-p-chip": {
    border: edge,
    borderRadius: "var(--radius-full)",
    padding: "0.1rem 0.55rem",
    backgroundColor: color("raised"),
    color: color("ink"),
    whiteSpace: "nowrap",
  },
  ".cm-p-chip *": { color: color("ink") },
  ".cm-p-end": { color: color("ink-soft"), backgroundColor: color("sunken") },
  ".cm-p-card, .cm-p-block": {
    ...code,
    margin: "0 1.5rem",
    padding: "0 0.875rem",
    backgroundColor: color("raised"),
    borderLeft: edge,
    borderRight: edge,
  },
  // The bar of the selected step stands at the page's edge, not the card's.
  ".cm-p-card.cm-step-selected::before, .cm-p-block.cm-step-selected::before": { left: "calc(-1.5rem - 1px)" },
  ".cm-p-first.cm-step-selected::before": { top: "-1px" },
  ".cm-p-block": { backgroundColor: color("sunken") },
  ".cm-p-first": {
    borderTop: edge,
    borderTopLeftRadius: "var(--radius-md)",
    borderTopRightRadius: "var(--radius-md)",
    paddingTop: "0.375rem",
    color: color("ink-faint"),
  },
  ".cm-p-last": {
    borderBottom: edge,
    borderBottomLeftRadius: "var(--radius-md)",
    borderBottomRightRadius: "var(--radius-md)",
    color: color("ink-faint"),
  },
  ".cm-p-last:not(.cm-p-open)": { lineHeight: "0.5rem" },
  ".cm-p-open": { borderColor: color("line-strong") },
  ".cm-p-head": { display: "inline-flex", width: "100%", alignItems: "center", gap: "0.5rem", verticalAlign: "top" },
  ".cm-p-title": { fontFamily: "var(--font-sans)", fontSize: "var(--text-sm)", fontWeight: "550", color: color("ink") },
  ".cm-p-note": { marginLeft: "auto", color: color("ink-faint"), fontSize: "0.6875rem" },
  "@media (max-width: 640px)": {
    ".cm-line": { paddingInline: "0.75rem" },
    ".cm-p-card.cm-step-selected::before, .cm-p-block.cm-step-selected::before": { left: "calc(-0.75rem - 1px)" },
    ".cm-p-card, .cm-p-block": { marginInline: "0.75rem", paddingInline: "0.625rem" },
  },
});
