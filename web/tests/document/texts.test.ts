import { insertNewlineAndIndent } from "@codemirror/commands";
import { EditorState, type StateCommand, Text } from "@codemirror/state";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asChanges, difference, insertedRanges } from "@/document/difference";
import { offsetOf, rangeOf } from "@/document/positions";
import { TextCore } from "@/document/text_core";

function coreWith(text: string): TextCore {
  return new TextCore({ text, readOnly: false, allowsLength: () => true });
}

const HALF_PAIR = /\p{Surrogate}/u;
const words = fc
  .array(fc.constantFrom("a", "b ", "\n", "\r\n", "\r", "🪐", "👩‍👩‍👧", "\ufeff", "\u2028", "word"))
  .map((all) => all.join(""));

describe("the difference of two texts", () => {
  it("makes the one of the other", () => {
    fc.assert(
      fc.property(words, words, (before, after) => {
        const state = EditorState.create({ doc: Text.of(before.split("\n")) });
        const changes = asChanges(difference(before, after));
        const lineEnd = EditorState.lineSeparator.of("\n");
        const made = EditorState.create({ doc: state.doc, extensions: lineEnd }).update({ changes }).state;
        expect(made.doc.sliceString(0)).toBe(after);
      }),
    );
  });

  it("is small where the edit is small", () => {
    const before = `${"one line\n".repeat(500)}### Old name\n${"one line\n".repeat(500)}`;
    expect(difference(before, before.replace("Old name", "New name"))).toEqual([
      { from: 4504, to: 4507, insert: "New" },
    ]);
  });

  it("never splits a character", () => {
    fc.assert(
      fc.property(words, words, (before, after) => {
        for (const { from, to, insert } of difference(before, after)) {
          for (const part of [before.slice(0, from), before.slice(to), insert]) expect(part).not.toMatch(HALF_PAIR);
        }
      }),
    );
  });

  it("tells which ranges are new", () => {
    const [before, after] = ["a b c d", "a XX c YY"];
    const ranges = insertedRanges(difference(before, after));
    expect(ranges.map(({ from, to }) => after.slice(from, to))).toEqual(["XX", "YY"]);
  });
});

describe("places that the server names", () => {
  const text = Text.of("\ufeff---\r\n🪐🪐 here\r\n\n  indented".split("\n"));
  const at = (line: number, column?: number) => text.sliceString(offsetOf(text, line, column)).split("\n")[0];

  it("count characters, not UTF-16 units", () => expect(at(2, 4)).toBe("here\r"));
  it("do not count the byte order mark", () => expect(at(1, 1)).toBe("---\r"));
  it("end before the CR of a line", () => expect(offsetOf(text, 2, 99)).toBe(text.line(2).to - 1));
  it("stay inside a text that has become shorter", () => expect(offsetOf(text, 99, 99)).toBe(text.length));
  it("are words and lines of a finding", () => {
    const shown = (finding: object) => {
      const { from, to } = rangeOf(text, { code: "x", message: "x", ...finding });
      return text.sliceString(from, to);
    };
    expect(shown({ line: 2, column: 4 })).toBe("here");
    expect(shown({ line: 4 })).toBe("indented");
    expect(shown({ line: 2, end_line: 4 })).toBe("🪐🪐 here\r\n\n  indented");
    expect(shown({})).toBe("\ufeff---");
  });
});

/** As the keyboard's "delete to the end of the line", which needs a view. */
const deleteToLineEndState: StateCommand = ({ state, dispatch }) => {
  const { head } = state.selection.main;
  dispatch(state.update({ changes: { from: head, to: state.doc.lineAt(head).to }, userEvent: "delete.forward" }));
  return true;
};

describe("typing in a text with CR LF", () => {
  const typed = (text: string, from: number, to: number, insert: string, userEvent = "input.type") => {
    const core = coreWith(text);
    core.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent });
    return { text: core.text, caret: core.state.selection.main.head };
  };

  it("gives new lines the same end", () => {
    expect(typed("ab\r\ncd\r\n", 1, 1, "\n")).toEqual({ text: "a\r\nb\r\ncd\r\n", caret: 3 });
    expect(typed("ab\r\n", 4, 4, "x\ny\r\nz", "input.paste").text).toBe("ab\r\nx\r\ny\r\nz");
  });
  it("takes a line end away whole", () => {
    expect(typed("ab\r\ncd\r\n", 3, 4, "", "delete.backward")).toEqual({ text: "abcd\r\n", caret: 2 });
    expect(typed("ab\r\ncd\r\n", 2, 3, "", "delete.forward").text).toBe("abcd\r\n");
  });
  it("never comes between CR and LF", () => {
    expect(typed("ab\r\n", 3, 3, "x")).toEqual({ text: "abx\r\n", caret: 3 });
    const moved = (from: number, to: number, userEvent: string) => {
      const core = coreWith("ab\r\ncd");
      core.dispatch({ selection: { anchor: from } });
      core.dispatch({ selection: { anchor: to }, userEvent });
      return core.state.selection.main.head;
    };
    expect(moved(0, 3, "select")).toBe(2);
    expect(moved(4, 3, "select")).toBe(2);
    expect(moved(2, 3, "select")).toBe(4);
    expect(moved(2, 3, "select.pointer")).toBe(2);
  });
  it("means the same as elsewhere with the commands of the keyboard", () => {
    const after = (text: string, at: number, command: StateCommand) => {
      const core = coreWith(text);
      core.dispatch({ selection: { anchor: at } });
      command({ state: core.state, dispatch: (transaction) => core.apply([transaction]) });
      return [core.text, core.state.selection.main.head];
    };
    expect(after("ab\r\ncd\r\n", 2, insertNewlineAndIndent)).toEqual(["ab\r\n\r\ncd\r\n", 4]);
    expect(after("ab\r\ncd\r\n", 1, insertNewlineAndIndent)).toEqual(["a\r\nb\r\ncd\r\n", 3]);
    expect(after("ab\r\ncd\r\n", 1, deleteToLineEndState)).toEqual(["a\r\ncd\r\n", 1]);
  });
  it("leaves texts with LF as they are", () => {
    expect(typed("ab\ncd\r\n", 1, 1, "\n").text).toBe("a\nb\ncd\r\n");
  });
  it("leaves what the canvas writes as it is", () => {
    const core = coreWith("ab\r\n");
    core.write("ab\nc\r\n", { event: "canvas" });
    expect(core.text).toBe("ab\nc\r\n");
    core.undo();
    expect(core.text).toBe("ab\r\n");
  });
});
