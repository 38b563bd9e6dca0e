/** Which decorations lay out a stretch of the text. Pure: state and ranges in, decorations out. */
import { syntaxTree } from "@codemirror/language";
import type { EditorState, Range } from "@codemirror/state";
import { Decoration, type DecorationSet } from "@codemirror/view";
import type { SyntaxNode, SyntaxNodeRef } from "@lezer/common";
import type { Kind } from "@/document";
import { lengthOf } from "@/document/positions";
import { fenceHead, isCard } from "./fences";
import { routeParts } from "./routes";
import { Bullet, CardHead } from "./widgets";

/** Whether the person is at a stretch of the text. */
export type Touched = (from: number, to: number) => boolean;

interface Page {
  state: EditorState;
  kinds: ReadonlyMap<string, Kind>;
  isTouched: Touched;
  marks: Range<Decoration>[];
}

const hide = Decoration.replace({});
const bullet = Decoration.replace({ widget: new Bullet() });
const line = (name: string) => Decoration.line({ class: name });
const mark = (name: string) => Decoration.mark({ class: name });

export function decorate(
  state: EditorState,
  ranges: readonly { from: number; to: number }[],
  kinds: ReadonlyMap<string, Kind>,
  isTouched: Touched,
): DecorationSet {
  const page: Page = { state, kinds, isTouched, marks: [] };
  for (const { from, to } of ranges) {
    syntaxTree(state).iterate({ from, to, enter: (node) => DRAW[node.name]?.(page, node) !== false });
  }
  return Decoration.set(page.marks, true);
}

/** By the name of a node; what gives `false` has said all about what is in the node. */
const DRAW: Record<string, (page: Page, node: SyntaxNodeRef) => unknown> = {
  Frontmatter: frontMatter,
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`ATXHeading${level}`, headingOf(level)])),
  HeaderMark: (page, { from, to }) => hideMark(page, from, to + 1),
  EmphasisMark: (page, { from, to }) => hideMark(page, from, to),
  StrikethroughMark: (page, { from, to }) => hideMark(page, from, to),
  Emphasis: (page, { from, to }) => add(page, mark("cm-p-emphasis"), from, to),
  StrongEmphasis: (page, { from, to }) => add(page, mark("cm-p-strong"), from, to),
  InlineCode: inlineCode,
  Link: link,
  ListItem: listItem,
  Blockquote: (page, { from, to }) => eachLine(page, from, to, () => "cm-p-quote"),
  HorizontalRule: (page, { from, to }) => eachLine(page, from, to, () => "cm-p-rule"),
  FencedCode: fencedCode,
  CommentBlock: (page, { from, to }) => eachLine(page, from, to, () => "cm-p-comment"),
};

function add({ marks }: Page, decoration: Decoration, from: number, to = from): void {
  if (from <= to) marks.push(decoration.range(from, to));
}

/** Decorations that replace must stay within a line. */
function hideMark(page: Page, from: number, to: number): void {
  const { doc } = page.state;
  const row = doc.lineAt(from);
  const end = Math.min(to, row.from + lengthOf(row.text));
  if (from < end && !page.isTouched(from, end)) add(page, hide, from, end);
}

function eachLine(page: Page, from: number, to: number, nameOf: (index: number, isLast: boolean) => string): void {
  const { doc } = page.state;
  const [first, last] = [doc.lineAt(from).number, doc.lineAt(to).number];
  for (let number = first; number <= last; number++) {
    add(page, line(nameOf(number - first, number === last)), doc.line(number).from);
  }
}

function headingOf(level: number) {
  return (page: Page, { from }: SyntaxNodeRef) => {
    add(page, line(`cm-p-heading cm-p-h${level}`), page.state.doc.lineAt(from).from);
  };
}

function inlineCode(page: Page, { node, from, to }: SyntaxNodeRef): boolean {
  add(page, mark("cm-p-code"), from, to);
  for (const tick of node.getChildren("CodeMark")) hideMark(page, tick.from, tick.to);
  return false;
}

/** `[title](#step)`: only the title shows, as a chip where it leads to a step. */
function link(page: Page, { node, from, to }: SyntaxNodeRef): void {
  const url = node.getChild("URL");
  const [open, close] = node.getChildren("LinkMark");
  if (!url || !open || !close) return;
  const isStep = page.state.sliceDoc(url.from, url.from + 1) === "#";
  add(page, mark(isStep ? "cm-p-chip" : "cm-p-link"), from, to);
  hideMark(page, open.from, open.to);
  hideMark(page, close.from, to);
}

function listItem(page: Page, { node }: SyntaxNodeRef): void {
  const { doc } = page.state;
  const row = doc.lineAt(node.from);
  const sign = node.getChild("ListMark");
  const route = routeParts(row.text);
  if (route) {
    add(page, line("cm-p-route"), row.from);
    add(page, mark("cm-p-lead"), row.from + route.lead.from, row.from + route.lead.to);
    add(page, mark("cm-p-arrow"), row.from + route.arrow.from, row.from + route.arrow.to);
    for (const word of route.words) add(page, mark("cm-p-chip cm-p-end"), row.from + word.from, row.from + word.to);
    if (sign) hideMark(page, sign.from, sign.to + 1);
    return;
  }
  add(page, line("cm-p-item"), row.from);
  const isBullet = sign && /^[-*+]$/.test(page.state.sliceDoc(sign.from, sign.to));
  if (isBullet && !page.isTouched(row.from, row.to)) add(page, bullet, sign.from, sign.to);
}

function fencedCode(page: Page, { node, from, to }: SyntaxNodeRef): boolean {
  const { doc } = page.state;
  const info = node.getChild("CodeInfo");
  const words = info ? page.state.sliceDoc(info.from, info.to).trim() : "";
  const isOpen = page.isTouched(doc.lineAt(from).from, doc.lineAt(to).to);
  const name = isCard(words) ? "cm-p-card" : "cm-p-block";
  eachLine(page, from, to, (index, isLast) => cardLine(name, index === 0, isLast, isOpen));
  if (isOpen) return false;
  drawHead(page, node, words);
  return false;
}

function drawHead(page: Page, node: SyntaxNode, words: string): void {
  const { doc } = page.state;
  const body = node.getChild("CodeText");
  const head = fenceHead(
    words,
    body ? page.state.sliceDoc(body.from, Math.min(body.to, body.from + 2_000)) : "",
    page.kinds,
  );
  replaceLine(page, node.from, head);
  const marks = node.getChildren("CodeMark");
  const close = marks.length > 1 ? marks[marks.length - 1] : null;
  if (close && doc.lineAt(close.from).from !== doc.lineAt(node.from).from) replaceLine(page, close.from, null);
}

function frontMatter(page: Page, { node, from, to }: SyntaxNodeRef): boolean {
  const { doc } = page.state;
  const dashes = node.getChildren("DashLine");
  const last = doc.lineAt(Math.max(from, to - 1));
  const isOpen = page.isTouched(doc.lineAt(from).from, last.to);
  eachLine(page, from, last.to, (index, isLast) => cardLine("cm-p-card cm-p-front", index === 0, isLast, isOpen));
  const [open, close] = dashes;
  if (!isOpen && open && close) {
    replaceLine(
      page,
      open.from,
      new CardHead({ kind: "schedule", group: "trigger", title: "Start, inputs and limits" }),
    );
    replaceLine(page, close.from, null);
  }
  return false;
}

function cardLine(name: string, isFirst: boolean, isLast: boolean, isOpen: boolean): string {
  return [name, isFirst && "cm-p-first", isLast && "cm-p-last", isOpen && "cm-p-open"].filter(Boolean).join(" ");
}

/** Draws a head in the place of a line's text, or nothing. */
function replaceLine(page: Page, at: number, head: CardHead | null): void {
  const row = page.state.doc.lineAt(at);
  const end = row.from + lengthOf(row.text);
  if (row.from === end) return;
  add(page, head ? Decoration.replace({ widget: head }) : hide, row.from, end);
}
