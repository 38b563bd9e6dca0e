import { EditorState } from "@codemirror/state";
import { ensureSyntaxTree } from "@codemirror/language";
import { describe, expect, it } from "vitest";
import { agentSpec } from "@/spec_text/language";
import { decorate } from "@/spec_text/preview/decorate";
import { routeParts } from "@/spec_text/preview/routes";
import { digest, kinds } from "./digest";

/** What is left to see of the text: hidden stretches are gone, heads and dots stand as `▣` and `•`. */
function seen(text: string, isTouched: (from: number, to: number) => boolean = () => false): string {
  const begun = EditorState.create({ doc: text, extensions: [EditorState.lineSeparator.of("\n"), agentSpec()] });
  ensureSyntaxTree(begun, text.length, 5_000);
  // The next state has what was parsed since.
  const { state } = begun.update({});
  const marks = decorate(state, [{ from: 0, to: text.length }], kinds, isTouched);
  let shown = "";
  let at = 0;
  marks.between(0, text.length, (from, to, { spec, point }) => {
    if (!point || from === to || from < at) return;
    shown += text.slice(at, from) + (spec.widget ? (to - from === 1 ? "•" : "▣") : "");
    at = to;
  });
  return shown + text.slice(at);
}

describe("the live preview", () => {
  it("hides marks and keeps words", () => {
    expect(seen("# A *b* **c** `d`\n\n- one\n- [two](https://x.org)\n")).toBe("A b c d\n\n• one\n• two\n");
  });
  it("shows what the person is at as it is written", () => {
    const text = "# One\n\n# *Two*\n";
    expect(seen(text, (from) => from >= 7)).toBe("One\n\n# *Two*\n");
  });
  it("draws routes without their marks", () => {
    expect(seen("- If `a > 1` → [Mail it](#mail-it)\n- Otherwise → stop\n")).toBe(
      "If a > 1 → Mail it\nOtherwise → stop\n",
    );
  });
  it("draws blocks as cards, and their text as it is", () => {
    expect(seen("### S\n```yaml step\nuses: http # *x*\n```\n")).toBe("S\n▣\nuses: http # *x*\n\n");
    expect(seen("---\nwhen: chat\n---\n# T\n")).toBe("▣\nwhen: chat\n\nT\n");
  });
  it("leaves what is open or not closed alone", () => {
    const text = "### S\n```yaml step\nuses: http\n```\n";
    expect(seen(text, (from) => from >= 6)).toBe("S\n```yaml step\nuses: http\n```\n");
    expect(seen("```yaml step\nuses: http")).toContain("uses: http");
  });
  it("works on texts with CR LF", () => {
    expect(seen("# A\r\n\r\n- *b*\r\n")).toBe("A\r\n\r\n• b\r\n");
    expect(seen("---\r\nwhen: chat\r\n---\r\n# T\r\n")).toBe("▣\r\nwhen: chat\r\n\r\nT\r\n");
  });
  it("finds the front matter behind a byte order mark, also after edits", () => {
    const text = "\ufeff---\nwhen: chat\n---\n# *T*\n```yaml step\nuses: http\n```\n";
    expect(seen(text)).toBe("▣\nwhen: chat\n\nT\n▣\nuses: http\n\n");
    const state = EditorState.create({ doc: text, extensions: agentSpec() });
    const edited = state.update({ changes: { from: text.indexOf("chat"), insert: "web" } }).state;
    const names: string[] = [];
    ensureSyntaxTree(edited, edited.doc.length, 5_000)?.iterate({ enter: ({ name }) => void names.push(name) });
    expect(names).toEqual(
      expect.arrayContaining(["Frontmatter", "BlockMapping", "ATXHeading1", "Emphasis", "FencedCode"]),
    );
  });
  it("hides nothing of a whole document but marks", () => {
    const words = (text: string) => text.match(/\p{L}{4,}/gu) ?? [];
    const hidden = new Set(["yaml", "step", "text", "prompt", "given", "expect"]);
    const links = digest.markdown.replace(/\]\(#[\w-]+\)/g, "]").replace(/^```.*$/gm, "");
    expect(words(seen(digest.markdown)).filter((word) => !hidden.has(word))).toEqual(
      words(links).filter((word) => !hidden.has(word)),
    );
  });
});

describe("the parts of a route", () => {
  const parts = (line: string) => {
    const found = routeParts(line);
    const text = ({ from, to }: { from: number; to: number }) => line.slice(from, to);
    return found && [text(found.lead), text(found.arrow), ...found.words.map(text)];
  };

  it.each([
    ["- If `a -> b` → stop", ["If", "→", "stop"]],
    ["* on error `auth` -> [x](#x) and [y](#y)", ["on error", "->"]],
    ["- Otherwise → fail\r", ["Otherwise", "→", "fail"]],
    ["- Iffy → stop", null],
    ["- If nothing", null],
    ["If `a` → stop", null],
  ])("%s", (line, expected) => expect(parts(line)).toEqual(expected));
});
