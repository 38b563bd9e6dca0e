import { describe, expect, it } from "vitest";
import { placeOf, versionsPath, whichOf } from "@/versions/place";

function paramsOf(path: string): Record<string, string[]> {
  const params = new URLSearchParams(path.split("?")[1] ?? "");
  return Object.fromEntries([...params].map(([name, value]) => [name, [value]]));
}

describe("the address of the screen of versions", () => {
  it("says the place, and leaves out what is as at first", () => {
    expect(versionsPath("a1")).toBe("/agents/a1/versions");
    expect(versionsPath("a1", { tab: "all", chosen: 4 })).toBe("/agents/a1/versions?version=4");
    const place = { tab: "canary", chosen: "draft", against: 2 } as const;
    expect(placeOf(paramsOf(versionsPath("a1", place)))).toEqual(place);
  });

  it("takes what cannot be meant for nothing", () => {
    expect(placeOf({ tab: ["what"], version: ["0"], against: ["-1"] })).toEqual({
      tab: "all",
      chosen: null,
      against: null,
    });
    expect(["draft", "12", "1.5", "", "99999999999"].map(whichOf)).toEqual(["draft", 12, null, null, null]);
  });
});
