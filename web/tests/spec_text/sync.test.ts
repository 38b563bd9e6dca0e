import { diagnosticCount } from "@codemirror/lint";
import { describe, expect, it } from "vitest";
import { coreOf } from "@/document/open_document";
import { dress } from "@/spec_text/dress";
import { nodeAt, stretchOf } from "@/spec_text/steps";
import { tie } from "@/spec_text/sync";
import { clearDesk, open, pass, type } from "../document/desk";
import { Wire } from "../document/wire";

clearDesk();

const TEXT = "# T\n\n### one\nprose\n\n### two\n";

async function tied(text = TEXT) {
  const document = await open(new Wire(text));
  const core = coreOf(document);
  const around = { kinds: new Map(), triggers: new Map(), reading: () => document.get().drawn, secrets: [] };
  core.dress(dress({ mode: "preview", readOnly: false, label: "Text", ...around }));
  const untie = tie(document, core);
  return { document, core, untie };
}

const caretAt = (at: number) => ({ selection: { anchor: at }, userEvent: "select.pointer" });

describe("a text view and its document", () => {
  it("select what the caret is put in", async () => {
    const { document, core } = await tied();
    core.dispatch(caretAt(TEXT.indexOf("### two") + 4));
    expect(document.get().selection).toEqual({ node: "two", from: "text" });
    core.dispatch(caretAt(0));
    expect(document.get().selection).toEqual({ node: null, from: "text" });
  });

  it("leave the caret alone when the canvas selects", async () => {
    const { document, core } = await tied();
    document.select("two", "canvas");
    expect(core.state.selection.main.head).toBe(0);
    expect(document.get().selection).toEqual({ node: "two", from: "canvas" });
  });

  it("show the findings of the text as it is, and none of an older one", async () => {
    const { document, core } = await tied();
    type(document, "BROKEN");
    expect(diagnosticCount(core.state)).toBe(0);
    await pass(500);
    expect(diagnosticCount(core.state)).toBe(1);
    document.undo();
    await pass(500);
    expect(diagnosticCount(core.state)).toBe(0);
  });

  it("know where steps are while the text cannot be read", async () => {
    const { document, core } = await tied();
    type(document, "BROKEN");
    await pass(500);
    core.dispatch({ changes: { from: 0, insert: "\n" }, userEvent: "input.type" });
    expect(nodeAt(core.state, TEXT.indexOf("### one") + 3)).toBe("one");
    expect(stretchOf(core.state, "gone")).toBeNull();
  });

  it("go their ways when they are untied", async () => {
    const { document, core, untie } = await tied();
    untie();
    core.dispatch(caretAt(TEXT.indexOf("### two") + 4));
    expect(document.get().selection.node).toBeNull();
  });

  it("lead to the place of a finding", async () => {
    const { document, core } = await tied();
    document.reveal(6, 5);
    expect(core.state.selection.main.head).toBe(TEXT.indexOf("### two") + 4);
    expect(document.get().selection.node).toBe("two");
  });
});
