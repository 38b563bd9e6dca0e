import { describe, expect, it } from "vitest";
import { ChangeRefused } from "@/document";
import { coreOf } from "@/document/open_document";
import { open, pass, type, clearDesk } from "./desk";
import { Wire } from "./wire";

clearDesk();

describe("texts", () => {
  const nasty = {
    "CR LF": "---\r\na: 1\r\n---\r\n# T\r\n",
    "mixed line ends": "a\r\nb\nc\rd\n\r\n\n",
    "byte order mark": "\ufeff# T\n",
    "no last line end": "# T\n\ttab  ",
    "NEL and line separators": "a\u0085b\u2028c\u2029d\u000be\u000cf\n",
    "beyond the basic plane": "# 🪐 𝒯\n👩‍👩‍👧 e\u0301\n",
    nothing: "",
    "only line ends": "\n\r\n\r\r\n",
  };

  it.each(Object.entries(nasty))("stay byte for byte: %s", async (_name, text) => {
    const wire = new Wire(text);
    const document = await open(wire);
    expect(document.get().text).toBe(text);
    await pass(5_000);
    expect(wire.of("PUT", "/draft")).toEqual([]);
    expect(document.get().text).toBe(text);
  });

  it.each(Object.entries(nasty))("are the same again after an edit and its undo: %s", async (_name, text) => {
    const document = await open(new Wire(text));
    type(document, "X");
    document.undo();
    expect(document.get().text).toBe(text);
  });

  it("cannot be edited before they have arrived", async () => {
    const wire = new Wire("# T");
    wire.hold = () => new Promise(() => undefined);
    const document = await open(wire);
    expect(document.get().is_loaded).toBe(false);
    expect(coreOf(document).state.readOnly).toBe(true);
    await expect(document.change({ op: "delete", node: "a" })).rejects.toThrow(ChangeRefused);
  });

  it("take no edit that makes them too long, and say so", async () => {
    const document = await open(new Wire("x".repeat(1_048_570)));
    type(document, "seven!!");
    expect(document.get().text.length).toBe(1_048_570);
    await pass(0);
    expect(document.get().notice).toBe("too-long");
    type(document, "six!!!");
    expect(document.get().text.length).toBe(1_048_576);
  });
});

describe("reading", () => {
  it("follows the text after a pause, and keeps the last drawing while it is broken", async () => {
    const wire = new Wire("### a\n");
    const document = await open(wire);
    expect(document.get().drawn?.places).toHaveProperty("a");
    type(document, "### b\n");
    type(document, "BROKEN");
    await pass(300);
    expect(wire.of("POST", "/specs/parse").length).toBe(2);
    expect(document.get().is_broken).toBe(true);
    expect(document.get().reading?.findings).toHaveLength(1);
    expect(Object.keys(document.get().drawn?.places ?? {})).toEqual(["a"]);
    document.undo();
    await pass(300);
    expect(document.get().is_broken).toBe(false);
  });

  it("drops the answer that comes after a newer one", async () => {
    const wire = new Wire("### a\n");
    const document = await open(wire);
    let late: () => void = () => undefined;
    wire.hold = ({ body }) =>
      String(body.markdown).includes("### c") ? Promise.resolve() : new Promise((done) => (late = done));
    type(document, "### b\n");
    await pass(300);
    type(document, "### c\n");
    await pass(300);
    late();
    await pass(300);
    expect(document.get().read_text).toBe("### a\n### b\n### c\n");
  });

  it("goes on when the connection is back", async () => {
    const wire = new Wire("### a\n");
    const document = await open(wire);
    wire.trouble = () => "down";
    type(document, "### b\n");
    await pass(1_000);
    wire.trouble = null;
    await pass(20_000);
    expect(document.get().read_text).toBe("### a\n### b\n");
  });

  it("lets go of a selected step that is gone", async () => {
    const document = await open(new Wire("### a\n"));
    document.select("a", "canvas");
    await document.change({ op: "rename", node: "a", name: "b" });
    expect(document.get().selection.node).toBeNull();
  });
});

describe("changes of the canvas", () => {
  it("are written as the least edit, each its own step back", async () => {
    const document = await open(new Wire("### a\n\n### b\n"));
    expect(await document.change({ op: "rename", node: "a", name: "first" })).toBe("first");
    await document.change({ op: "rename", node: "b", name: "second" });
    expect(document.get()).toMatchObject({ text: "### first\n\n### second\n", read_text: "### first\n\n### second\n" });
    document.undo();
    expect(document.get().text).toBe("### first\n\n### b\n");
    document.undo();
    expect(document.get().text).toBe("### a\n\n### b\n");
    document.redo();
    expect(document.get().text).toBe("### first\n\n### b\n");
  });

  it("that belong together are one step back", async () => {
    const document = await open(new Wire("### a\n### b\n"));
    await document.changeAll([
      { op: "rename", node: "a", name: "x" },
      { op: "rename", node: "b", name: "y" },
    ]);
    expect(document.get().text).toBe("### x\n### y\n");
    document.undo();
    expect(document.get().text).toBe("### a\n### b\n");
  });

  it("keep what is typed meanwhile", async () => {
    const wire = new Wire("### a\n");
    const document = await open(wire);
    let answer: () => void = () => undefined;
    wire.hold = ({ path }) => (path.endsWith("/edit") ? new Promise((done) => (answer = done)) : Promise.resolve());
    const changed = document.change({ op: "rename", node: "a", name: "first" });
    await pass(10);
    expect(document.get().is_changing).toBe(true);
    type(document, "typed\n");
    wire.hold = null;
    answer();
    await pass(1_000);
    expect(await changed).toBe("first");
    expect(document.get()).toMatchObject({ text: "### first\ntyped\n", is_changing: false });
  });

  it("are carried out one after the other", async () => {
    const document = await open(new Wire("### a\n"));
    const both = [
      document.change({ op: "rename", node: "a", name: "b" }),
      document.change({ op: "rename", node: "b", name: "c" }),
    ];
    await Promise.all(both);
    expect(document.get().text).toBe("### c\n");
  });

  it("that are refused leave the text alone, and the next one goes through", async () => {
    const document = await open(new Wire("### a\n"));
    const refused = document.change({ op: "rename", node: "zz", name: "b" });
    await expect(refused).rejects.toMatchObject({ message: 'There is no step "zz".', next_step: "Do something else." });
    expect(document.get()).toMatchObject({ text: "### a\n", is_changing: false });
    await document.change({ op: "rename", node: "a", name: "b" });
    expect(document.get().text).toBe("### b\n");
  });
});
