import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdsMoreThan, idOf, MOST_SEARCHED, openedAtFirst, PAGE, pathText, rowsOf, searchTree } from "@/ui/tree/rows";

const ids = (rows: ReturnType<typeof rowsOf>) => rows.map((row) => row.id);

describe("rowsOf", () => {
  it("shows what the whole value holds and leaves closed containers closed", () => {
    const value = { a: 1, b: { c: [2, 3] }, d: {} };
    expect(ids(rowsOf(value, new Set()))).toEqual(["/a", "/b", "/d"]);
    expect(ids(rowsOf(value, new Set(["/b", "/b/c"])))).toEqual(["/a", "/b", "/b/c", "/b/c/0", "/b/c/1", "/d"]);
  });

  it("shows a value that holds nothing as one row", () => {
    for (const value of [null, 3, "text", [], {}]) expect(rowsOf(value, new Set())).toHaveLength(1);
  });

  it("shows long lists by the page", () => {
    const list = Array.from({ length: 350 }, (_, i) => i);
    const rows = rowsOf(list, new Set());
    expect(rows).toHaveLength(PAGE + 1);
    expect(rows.at(-1)).toMatchObject({ row: "more", left: 250, of: "" });
    expect(rowsOf(list, new Set(), new Map([["", 350]]))).toHaveLength(350);
  });

  it("gives each row its own id, whatever the keys are", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shown = ids(rowsOf(value, openedAtFirst(value, 500)));
        expect(new Set(shown).size).toBe(shown.length);
      }),
    );
  });
});

describe("paths", () => {
  it("are written as expressions write them", () => {
    expect(pathText(["items", 0, "title"])).toBe("items[0].title");
    expect(pathText(["headers", "x-id"])).toBe('headers["x-id"]');
  });

  it("tell keys with slashes apart", () => {
    expect(idOf(["a/b"])).not.toBe(idOf(["a", "b"]));
    expect(idOf(["a~1b"])).not.toBe(idOf(["a/b"]));
  });
});

describe("openedAtFirst", () => {
  it("opens small values whole and large ones not", () => {
    expect(openedAtFirst({ a: { b: { c: 1 } } })).toEqual(new Set(["/a", "/a/b"]));
    const large = { rows: Array.from({ length: 1_000 }, (_, i) => ({ i })) };
    expect(openedAtFirst(large)).toEqual(new Set());
  });
});

describe("searchTree", () => {
  it("finds keys and texts in any case and opens the way to them", () => {
    const found = searchTree({ a: { Title: "x" }, b: ["the TITLE"] }, "title");
    expect(found.hits).toEqual(["/a/Title", "/b/0"]);
    expect(found.opened).toEqual(new Set(["", "/a", "/b"]));
  });

  it("shows enough of a long list for what it found", () => {
    const list = Array.from({ length: 500 }, (_, i) => `entry ${i}`);
    const found = searchTree({ list }, "entry 321");
    const rows = rowsOf({ list }, found.opened, found.shown);
    expect(ids(rows)).toContain("/list/321");
  });

  it("says when it did not look at everything", () => {
    const list = Array.from({ length: MOST_SEARCHED + 5 }, (_, i) => i);
    expect(searchTree(list, "nowhere").isCut).toBe(true);
    expect(searchTree([1, 2], "nowhere").isCut).toBe(false);
  });
});

describe("holdsMoreThan", () => {
  it("counts what is held at every depth, and stops as soon as it knows", () => {
    const value = { a: 1, b: { c: [2, 3] }, d: {} };
    expect(holdsMoreThan(value, 5)).toBe(true);
    expect(holdsMoreThan(value, 6)).toBe(false);
    expect(holdsMoreThan("text", 0)).toBe(false);
    const endless: unknown[] = [];
    endless.push(endless);
    expect(holdsMoreThan(endless, 1_000)).toBe(true);
  });
});
