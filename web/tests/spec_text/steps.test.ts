import { EditorState, Text } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import type { Reading } from "@/document";
import { diagnosticOf } from "@/spec_text/findings";
import { nodeAt, placed, steps, stretchesOf, stretchOf } from "@/spec_text/steps";
import { digest } from "./digest";

function stateOf(text: string, reading: Reading = digest.reading): EditorState {
  const state = EditorState.create({ doc: text, extensions: steps() });
  return state.update({ effects: placed.of(stretchesOf(state.doc, reading)) }).state;
}

describe("where nodes stand", () => {
  const text = digest.markdown;

  it("is the innermost step around the caret", () => {
    const state = stateOf(text);
    const at = (words: string) => nodeAt(state, text.indexOf(words));
    expect(at("Two at a time")).toBe("read-each-subreddit");
    expect(at("period: day")).toBe("fetch-the-top-posts");
    expect(at("#send-the-plain-list")).toBe("write-the-digest");
    expect(at("# Daily")).toBeNull();
    expect(at("every weekday at")).toBe("trigger-1");
  });

  it("moves along while the text is edited", () => {
    const state = stateOf(text).update({ changes: { from: 0, insert: "\n\n" } }).state;
    expect(nodeAt(state, text.indexOf("period: day") + 2)).toBe("fetch-the-top-posts");
    const stretch = stretchOf(state, "mail-the-digest");
    expect(state.sliceDoc(stretch?.from, stretch?.to)).toMatch(/^### Mail the digest[^#]*```$/);
  });

  it("is one item for each of several triggers", () => {
    const lines = "---\nwhen:\n  - every hour\n  - webhook: /a\n    method: GET\n  - manual\ntags: []\n---\n";
    const triggers = ["1", "2", "3"].map((number) => ({ node: `trigger-${number}`, text: "", next: [] }));
    const doc = Text.of(lines.split("\n"));
    const found = stretchesOf(doc, { ...digest.reading, places: {}, triggers });
    expect(found.map(({ from, to }) => doc.sliceString(from, to))).toEqual([
      "  - every hour",
      "  - webhook: /a\n    method: GET",
      "  - manual",
    ]);
  });
});

describe("findings", () => {
  const state = EditorState.create({ doc: 'with: {to: "a, b", cc: x}\nuses: nonsense' });
  const shown = (line: number, column: number) => {
    const { from, to } = diagnosticOf(state, { code: "c", message: "m", line, column });
    return state.sliceDoc(from, to);
  };

  it("underline the value that they are about", () => {
    expect(shown(1, 7)).toBe('{to: "a, b", cc: x}');
    expect(shown(1, 12)).toBe('"a, b"');
    expect(shown(1, 24)).toBe("x");
    expect(shown(2, 7)).toBe("nonsense");
  });
  it("say what to do, and are errors unless they say otherwise", () => {
    const { message, severity } = diagnosticOf(state, { code: "c", message: "It is wrong.", next_step: "Mend it." });
    expect([message, severity]).toEqual(["It is wrong. Mend it.", "error"]);
  });
});
