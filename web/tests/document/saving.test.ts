import { describe, expect, it, vi } from "vitest";
import type { Backup } from "@/document/backup";
import { backup, kept, open, pass, type, clearDesk } from "./desk";
import { Wire } from "./wire";

clearDesk();

describe("saving", () => {
  it("stores shortly after the last edit, each time from the newest revision", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    type(document, "b");
    expect(document.get().saving).toBe("waiting");
    await pass(700);
    type(document, "c");
    await pass(700);
    expect(wire.of("PUT", "/draft")).toEqual([]);
    await pass(200);
    expect(wire.draft).toEqual({ markdown: "abc", revision: 2 });
    expect(document.get().saving).toBe("saved");
    type(document, "d");
    await document.save();
    expect(wire.draft).toEqual({ markdown: "abcd", revision: 3 });
  });

  it("stores what was typed while a call was under way, one call at a time", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    let answer: () => void = () => undefined;
    wire.hold = ({ method }) => (method === "PUT" ? new Promise((done) => (answer = done)) : Promise.resolve());
    type(document, "b");
    await pass(900);
    type(document, "c");
    await pass(2_000);
    expect(wire.of("PUT", "/draft")).toHaveLength(1);
    wire.hold = null;
    answer();
    await pass(1_000);
    expect(wire.draft).toEqual({ markdown: "abc", revision: 3 });
  });

  it("waits for the connection with a copy in the browser, and goes on", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    wire.trouble = () => "down";
    type(document, "b");
    await pass(1_000);
    expect(document.get().saving).toBe("offline");
    type(document, "c");
    expect(backup.get()).toEqual({ text: "abc", revision: 1 });
    wire.trouble = null;
    await pass(30_000);
    expect(document.get().saving).toBe("saved");
    expect(wire.draft.markdown).toBe("abc");
    expect(backup.get()).toBeNull();
  });

  it("waits for the sign-in and goes on", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    wire.trouble = ({ method }) => (method === "PUT" ? 401 : null);
    type(document, "b");
    await pass(1_000);
    expect(document.get().saving).toBe("signed-out");
    wire.trouble = null;
    await pass(4_000);
    expect(wire.draft.markdown).toBe("ab");
  });

  it("says what the server refuses, and tries again with the next edit", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    wire.trouble = ({ method }) => (method === "PUT" ? 403 : null);
    type(document, "b");
    await pass(60_000);
    expect(wire.of("PUT", "/draft")).toHaveLength(1);
    expect(document.get()).toMatchObject({ saving: "failed", problem: { status: 403, message: "It was refused." } });
    wire.trouble = null;
    type(document, "c");
    await pass(1_000);
    expect(document.get()).toMatchObject({ saving: "saved", problem: null });
  });

  it("knows its own text again when an answer was lost", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    wire.trouble = ({ method }) => (method === "PUT" ? "lost" : null);
    type(document, "b");
    await pass(900);
    wire.trouble = null;
    type(document, "c");
    await pass(10_000);
    expect(document.get().saving).toBe("saved");
    expect(wire.draft).toEqual({ markdown: "abc", revision: 3 });
  });

  it("stores the rest when the document is closed", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    type(document, "b");
    document.close();
    await pass(10);
    expect(wire.draft.markdown).toBe("ab");
  });
});

describe("another hand", () => {
  async function conflict() {
    const wire = new Wire("a\n");
    const document = await open(wire);
    wire.draft = { markdown: "theirs\n", revision: 5 };
    type(document, "mine\n");
    await pass(1_000);
    return { wire, document };
  }

  it("is never overwritten", async () => {
    const { wire, document } = await conflict();
    expect(document.get()).toMatchObject({
      saving: "conflict",
      conflict: { text: "theirs\n", revision: 5, by: "Ada" },
    });
    type(document, "more\n");
    await pass(60_000);
    expect(wire.draft).toEqual({ markdown: "theirs\n", revision: 5 });
    expect(backup.get()).toEqual({ text: "a\nmine\n", revision: 1 });
    await expect(document.save()).rejects.toMatchObject({ status: 409 });
  });

  it("gives way to mine", async () => {
    const { wire, document } = await conflict();
    document.resolve("mine");
    await pass(100);
    expect(wire.draft).toEqual({ markdown: "a\nmine\n", revision: 6 });
    expect(document.get()).toMatchObject({ saving: "saved", conflict: null });
  });

  it("goes before mine, which undo brings back", async () => {
    const { wire, document } = await conflict();
    document.resolve("theirs");
    await pass(2_000);
    expect(document.get()).toMatchObject({ text: "theirs\n", saving: "saved", conflict: null });
    expect(wire.draft.revision).toBe(5);
    document.undo();
    expect(document.get().text).toBe("a\nmine\n");
  });

  it("is joined with mine", async () => {
    const { wire, document } = await conflict();
    document.resolve({ text: "theirs\nmine\n" });
    await pass(100);
    expect(wire.draft).toEqual({ markdown: "theirs\nmine\n", revision: 6 });
    expect(document.get().text).toBe("theirs\nmine\n");
  });

  it("is followed quietly where there are no edits of one's own", async () => {
    const wire = new Wire("a");
    const document = await open(wire);
    wire.draft = { markdown: "newer", revision: 2 };
    await document.reload();
    expect(document.get()).toMatchObject({ text: "newer", saving: "saved", can_undo: false });
    type(document, "!");
    await pass(1_000);
    expect(wire.draft).toEqual({ markdown: "newer!", revision: 3 });
  });

  it("in another tab is heard of", async () => {
    const wire = new Wire("a");
    const [one, other] = [await open(wire), await open(wire)];
    type(one, "b");
    await one.save();
    vi.useRealTimers();
    await vi.waitFor(() => expect(other.get().text).toBe("ab"));
  });
});

describe("what this browser kept", () => {
  const keep = (copy: Backup) => backup.keep(copy);

  it("comes back as an edit and is stored", async () => {
    keep({ text: "a and more", revision: 1 });
    const wire = new Wire("a");
    const document = await open(wire);
    expect(document.get()).toMatchObject({ text: "a and more", notice: "restored" });
    await pass(1_000);
    expect(wire.draft.markdown).toBe("a and more");
    document.undo();
    expect(document.get().text).toBe("a");
  });

  it("is a conflict when the draft has moved on", async () => {
    keep({ text: "a and more", revision: 0 });
    const wire = new Wire("a, changed");
    const document = await open(wire);
    await pass(5_000);
    expect(document.get()).toMatchObject({ saving: "conflict", text: "a and more", conflict: { text: "a, changed" } });
    expect(wire.draft.markdown).toBe("a, changed");
  });

  it("is dropped when it is stored already", async () => {
    keep({ text: "a", revision: 0 });
    const document = await open(new Wire("a"));
    expect(document.get()).toMatchObject({ text: "a", notice: null });
    expect(kept.size).toBe(0);
  });
});
