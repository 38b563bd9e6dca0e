import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wholeList } from "@/client/pages";

describe("a list in pages", () => {
  it("is asked for until it is whole, in the server's order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.uuid()), fc.integer({ min: 1, max: 5 }), async (ids, size) => {
        const server = (from: string | null) => {
          const start = from === null ? 0 : ids.indexOf(from) + 1;
          const things = ids.slice(start, start + size);
          return Promise.resolve({ things, next: ids.length > start + size ? (things.at(-1) ?? null) : null });
        };
        expect(
          await wholeList(
            ({ from }) => server(from),
            (page) => page.things,
          ),
        ).toEqual(ids);
      }),
    );
  });

  it("asks for as many at once as the server gives", async () => {
    const asked: unknown[] = [];
    const ask = (what: unknown) => {
      asked.push(what);
      return Promise.resolve({ things: [], next: null });
    };
    await wholeList(ask, (page) => page.things);
    expect(asked).toEqual([{ limit: 200, from: null }]);
  });

  it("fails as a whole when a page fails", async () => {
    const ask = ({ from }: { from: string | null }) =>
      from ? Promise.reject(new Error("away")) : Promise.resolve({ things: [1], next: "1" });
    await expect(wholeList(ask, (page) => page.things)).rejects.toThrow("away");
  });
});
