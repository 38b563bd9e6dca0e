import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Filters, filtersOf, hrefOf, isFiltered, KINDS, NO_FILTERS, queryOf } from "@/logs/filters";
import { groupsOf } from "@/logs/groups";
import { partsOf, termsOf } from "@/logs/marks";
import type { LogLine } from "@/logs/queries";

const NOW = new Date("2026-03-01T12:00:00Z");

function paramsOf(href: string): Record<string, string[]> {
  const params: Record<string, string[]> = {};
  for (const [name, value] of new URL(href, "http://here").searchParams) (params[name] ??= []).push(value);
  return params;
}

describe("filters of lines", () => {
  it("come back from the address as they were", () => {
    const filters: fc.Arbitrary<Filters> = fc.record({
      text: fc.string({ maxLength: 200 }).map((text) => text.replaceAll("\0", "")),
      kinds: fc.subarray([...KINDS]),
      agents: fc.uniqueArray(fc.uuid(), { maxLength: 3 }),
      time: fc.constantFrom("all" as const, "1h" as const, "90d" as const),
    });
    fc.assert(
      fc.property(filters, (some) => {
        expect(filtersOf(paramsOf(hrefOf(some)))).toEqual(some);
        expect(isFiltered(some)).toBe(hrefOf(some) !== "/logs");
      }),
    );
  });

  it("ask for nothing that is empty", () => {
    expect(queryOf({ ...NO_FILTERS, text: "  " }, NOW)).toEqual({});
    expect(queryOf({ ...NO_FILTERS, text: "torn", time: "1h" }, NOW)).toEqual({
      text: "torn",
      since: "2026-03-01T11:00:00.000Z",
    });
  });
});

describe("marks", () => {
  const marked = (text: string, search: string) =>
    partsOf(text, termsOf(search)).flatMap(({ text, isMarked }) => (isMarked ? [text] : []));

  it("are words and phrases as the search takes them, without what it leaves out", () => {
    expect(termsOf('"no such mailbox" or full -test -"two words"')).toEqual([["no", "such", "mailbox"], ["full"]]);
    expect(marked("No such  mailbox: Full. Mailboxes are full-time.", '"no such mailbox" full')).toEqual([
      "No such  mailbox",
      "Full",
      "full",
    ]);
    expect(marked("Ärger im Büro", "büro")).toEqual(["Büro"]);
    expect(marked("nothing", "-test or")).toEqual([]);
  });

  it("leave the text as it is, whatever is searched for", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, search) => {
        expect(
          partsOf(text, termsOf(search))
            .map((part) => part.text)
            .join(""),
        ).toBe(text);
      }),
    );
  });
});

describe("groups", () => {
  const line = (id: string, run_id: string): LogLine => ({
    id,
    run_id,
    at: NOW.toISOString(),
    agent_id: "a",
    agent: "Agent",
    kind: "printed",
    path: null,
    message: id,
  });

  it("hold a run's lines of one page, each page its own", () => {
    const groups = groupsOf([{ lines: [line("1", "x"), line("2", "y"), line("3", "x")] }, { lines: [line("4", "x")] }]);
    expect(groups.map(({ run_id, lines }) => [run_id, lines.map(({ id }) => id)])).toEqual([
      ["x", ["1", "3"]],
      ["y", ["2"]],
      ["x", ["4"]],
    ]);
  });
});
