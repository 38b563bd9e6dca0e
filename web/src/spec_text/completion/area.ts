/** Which part of a document a caret stands in: front matter, a step's block, a long text of a step, a route, prose. */
import type { Text } from "@codemirror/state";

export interface Area {
  part: "front" | "step" | "given" | "text" | "route" | "prose";
  /** The text of the block (or of the line) before the caret, and where it begins. */
  before: string;
  from: number;
  /** The heading above, as it is written, and its line. */
  heading: string | null;
  headingLine: number;
  /** What stands in the step's block: all of it for those below it. */
  step: string;
  /** For a long text: the setting that it is. */
  key: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*(.*)$/;
const HEADING = /^(#{1,6})[ \t]+(.+?)[ \t#]*$/;

export function areaAt(text: Text, at: number): Area {
  const scan = new Scan(text);
  const caret = text.lineAt(at);
  for (let number = 1; number < caret.number; number++) scan.line(number);
  return scan.area(caret.number, at);
}

class Scan {
  private isFront = false;
  private fence: { mark: string; info: string; first: number } | null = null;
  private heading: { title: string; line: number } | null = null;
  private step = "";

  constructor(private readonly text: Text) {}

  line(number: number): void {
    const words = this.words(number);
    if (number === 1 && /^\ufeff?---\s*$/.test(words)) this.isFront = true;
    else if (this.isFront) this.isFront = !/^---\s*$/.test(words);
    else if (this.fence) this.inFence(words, number);
    else this.outside(words, number);
  }

  area(number: number, at: number): Area {
    const line = this.text.line(number);
    const words = this.words(number);
    if (this.isFront) return this.found("front", this.text.line(2).from, at);
    if (!this.fence) {
      const isRoute = this.step !== "" && /^ {0,3}[-*+]\s/.test(words);
      return this.found(isRoute ? "route" : "prose", line.from, at);
    }
    const [, key = ""] = this.fence.info.split(/\s+/);
    const part = key === "step" ? "step" : key === "given" || key === "expect" ? "given" : key ? "text" : "prose";
    const from = this.text.line(Math.min(this.fence.first, number)).from;
    const area = this.found(part, from, at);
    return part === "step" ? { ...area, step: this.wholeBlock(this.fence.first) } : { ...area, key };
  }

  private found(part: Area["part"], from: number, at: number): Area {
    const before = this.text.sliceString(from, at);
    return {
      part,
      before,
      from,
      heading: this.heading?.title ?? null,
      headingLine: this.heading?.line ?? 0,
      step: this.step,
      key: "",
    };
  }

  private outside(words: string, number: number): void {
    const heading = HEADING.exec(words);
    const fence = FENCE.exec(words);
    if (heading?.[2]) {
      this.heading = { title: heading[2], line: number };
      this.step = "";
    } else if (fence?.[1]) {
      this.fence = { mark: fence[1], info: (fence[2] ?? "").trim(), first: number + 1 };
    }
  }

  private inFence(words: string, number: number): void {
    const { mark, info, first } = this.fence as NonNullable<typeof this.fence>;
    if (!closes(words, mark)) return;
    if (/^\S+\s+step\b/.test(info)) this.step = this.lines(first, number - 1);
    this.fence = null;
  }

  /** A block up to its end, or to where the next heading says that its end is missing. */
  private wholeBlock(first: number): string {
    let last = first - 1;
    while (last < this.text.lines && !closes(this.words(last + 1), "```") && !HEADING.test(this.words(last + 1)))
      last++;
    return this.lines(first, last);
  }

  private lines(first: number, last: number): string {
    return first > last ? "" : this.text.sliceString(this.text.line(first).from, this.text.line(last).to);
  }

  private words(number: number): string {
    return this.text.line(number).text.replace(/\r$/, "");
  }
}

function closes(words: string, mark: string): boolean {
  const found = /^ {0,3}(`{3,}|~{3,})\s*$/.exec(words)?.[1];
  return found !== undefined && found[0] === mark[0] && found.length >= mark.length;
}

/** The kind that a step's block names. */
export function usesOf(block: string): string | null {
  return /^uses:[ \t]*["']?([\w.@-]+)/m.exec(block)?.[1] ?? null;
}

/** What the trigger polls that is being written at the end of a front matter; empty when it polls nothing. */
export function polledIn(front: string): string {
  const begun = [...front.matchAll(/\bpoll:[ \t]*["']?([\w.-]+)|(?:^(?:when:)?[ \t]*-?[ \t]*\{?[ \t]*)email:/gm)].at(
    -1,
  );
  return begun ? (begun[1] ?? "mailbox.new_mail") : "";
}
