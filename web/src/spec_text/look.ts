/** How the text looks, made of the design tokens. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const color = (token: string) => `var(--color-${token})`;

const frame = EditorView.theme({
  "&": { height: "100%", backgroundColor: color("paper"), color: color("ink"), fontSize: "var(--text-sm)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "0.75rem 0 40vh", caretColor: color("ink") },
  ".cm-line": { padding: "0 1rem 0 0.75rem" },
  ".cm-gutters": { backgroundColor: color("paper"), color: color("ink-faint"), border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.25rem 0 0.75rem", minWidth: "2.5rem", fontSize: "0.6875rem" },
  ".cm-activeLine": { backgroundColor: `color-mix(in srgb, ${color("hover")} 55%, transparent)` },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: color("ink") },
  ".cm-foldGutter .cm-gutterElement": { cursor: "pointer", padding: "0 0.25rem" },
  ".cm-foldPlaceholder": {
    backgroundColor: color("sunken"),
    border: "none",
    color: color("ink-soft"),
    padding: "0 0.4em",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: color("selected"), outline: "none" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: color("bad-soft") },
  ".cm-selectionMatch": { backgroundColor: color("selected") },
  ".cm-searchMatch": { backgroundColor: color("warn-soft"), outline: `1px solid ${color("warn")}` },
  ".cm-searchMatch-selected": { backgroundColor: color("warn"), color: color("paper") },
  ".cm-specialChar": { color: color("bad") },
  ".cm-template, .cm-template *": { color: color("accent") },
  ".cm-key": { color: color("group-web") },
  ".cm-step-selected": { position: "relative" },
  ".cm-step-selected::before": {
    content: '""',
    position: "absolute",
    insetBlock: "0",
    left: "0",
    width: "3px",
    backgroundColor: color("accent"),
  },
  ".cm-flash": { animation: "var(--animate-flash)", borderRadius: "2px" },
});

const floating = EditorView.theme({
  ".cm-tooltip": {
    backgroundColor: color("raised"),
    border: `1px solid ${color("line")}`,
    borderRadius: "var(--radius-md)",
    boxShadow: "var(--shadow-float)",
    color: color("ink"),
    overflow: "hidden",
    zIndex: 40,
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-sans)", maxHeight: "18rem", minWidth: "17rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "0.3rem 0.625rem",
    display: "flex",
    gap: "0.75rem",
    alignItems: "baseline",
    lineHeight: "1.25rem",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: color("selected"), color: color("ink") },
  ".cm-completionLabel": { fontFamily: "var(--font-mono)", fontSize: "0.78rem" },
  ".cm-completionMatchedText": { textDecoration: "none", color: color("accent"), fontWeight: 600 },
  ".cm-completionDetail": {
    marginLeft: "auto",
    fontStyle: "normal",
    color: color("ink-faint"),
    fontSize: "0.75rem",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    maxWidth: "16rem",
  },
  ".cm-tooltip.cm-completionInfo": {
    padding: "0.5rem 0.75rem",
    maxWidth: "20rem",
    fontFamily: "var(--font-sans)",
    lineHeight: "1.4",
    color: color("ink-soft"),
  },
  ".cm-diagnostic": {
    padding: "0.4rem 0.75rem",
    borderLeft: "3px solid transparent",
    fontFamily: "var(--font-sans)",
    maxWidth: "30rem",
  },
  ".cm-diagnostic-error": { borderLeftColor: color("bad") },
  ".cm-diagnostic-warning": { borderLeftColor: color("warn") },
  ".cm-finding-next": { color: color("ink-soft") },
  ".cm-lintRange-error, .cm-lintRange-warning": { backgroundImage: "none", paddingBottom: "0" },
  ".cm-lintRange-error": { textDecoration: `underline wavy ${color("bad")} 1px`, textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { textDecoration: `underline wavy ${color("warn")} 1px`, textUnderlineOffset: "3px" },
  ".cm-lintRange-active": { backgroundColor: color("warn-soft") },
  ".cm-lintPoint:after": { borderBottomColor: color("bad") },
  ".cm-gutter-lint": { width: "0.9rem" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-lint-marker": { width: "0.5rem", height: "0.5rem", margin: "0.4rem 0 0 0.25rem", borderRadius: "50%" },
  ".cm-lint-marker-error": { content: "none", backgroundColor: color("bad") },
  ".cm-lint-marker-warning": { content: "none", backgroundColor: color("warn"), borderRadius: "1px" },
  ".cm-panels": { backgroundColor: color("raised"), color: color("ink"), borderColor: `${color("line")} !important` },
  ".cm-panel.cm-search": {
    padding: "0.5rem 2.25rem 0.5rem 0.75rem",
    fontFamily: "var(--font-sans)",
    fontSize: "var(--text-sm)",
  },
  ".cm-panel.cm-search [name=close]": {
    top: "0.5rem",
    right: "0.75rem",
    width: "1.75rem",
    height: "1.75rem",
    cursor: "pointer",
  },
  ".cm-panel.cm-search label": { fontSize: "0.75rem", color: color("ink-soft") },
  ".cm-textfield": {
    backgroundColor: color("paper"),
    border: `1px solid ${color("line-strong")}`,
    borderRadius: "var(--radius-sm)",
    padding: "0.25rem 0.5rem",
    minHeight: "2rem",
    fontSize: "var(--text-sm)",
    color: color("ink"),
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: color("paper"),
    border: `1px solid ${color("line-strong")}`,
    borderRadius: "var(--radius-sm)",
    padding: "0.25rem 0.6rem",
    minHeight: "2rem",
    cursor: "pointer",
    fontSize: "var(--text-sm)",
    color: color("ink"),
  },
  ".cm-button:active": { backgroundImage: "none", backgroundColor: color("hover") },
});

const plainInk = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "650", color: color("ink") },
  { tag: [tags.processingInstruction, tags.meta], color: color("ink-faint") },
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], class: "cm-key" },
  { tag: [tags.string, tags.special(tags.string)], color: color("group-app") },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.atom], color: color("group-ai") },
  { tag: [tags.comment], color: color("ink-faint"), fontStyle: "italic" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: color("ink-faint") },
  { tag: tags.link, color: color("accent") },
  { tag: tags.url, color: color("ink-faint") },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strong, fontWeight: "650" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.invalid, color: color("bad") },
]);

export function look(): Extension {
  return [frame, floating, syntaxHighlighting(plainInk)];
}
