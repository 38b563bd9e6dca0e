import { describe, expect, it } from "vitest";
import { formatMs } from "@/ui/duration";
import { formatUsd } from "@/ui/money";
import { formatRelative, formatSoon } from "@/ui/time";

describe("formatUsd", () => {
  it.each([
    [0, "$0"],
    [0.00001, "<$0.0001"],
    [0.00042, "$0.0004"],
    [0.00999, "$0.01"],
    [0.0421, "$0.042"],
    [0.5, "$0.50"],
    [1.2, "$1.20"],
    [999.999, "$1,000.00"],
    [12340.4, "$12,340"],
    [-0.25, "−$0.25"],
  ])("%d is %s", (amount, text) => expect(formatUsd(amount)).toBe(text));
});

describe("formatMs", () => {
  it.each([
    [0, "0 ms"],
    [0.01, "0.1 ms"],
    [0.44, "0.4 ms"],
    [12.4, "12 ms"],
    [999.4, "999 ms"],
    [999.9, "1.0 s"],
    [1234, "1.2 s"],
    [9_960, "10 s"],
    [59_600, "1 min"],
    [185_000, "3 min 5 s"],
    [7_440_000, "2 h 4 min"],
    [266_400_000, "3 d 2 h"],
  ])("%d is %s", (ms, text) => expect(formatMs(ms)).toBe(text));
});

describe("times", () => {
  const now = new Date(2026, 10, 23, 12, 0, 0);
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);

  it.each([
    [-3, "now"],
    [-40, "40 seconds ago"],
    [-59.8, "1 minute ago"],
    [-180, "3 minutes ago"],
    [7_300, "in 2 hours"],
    [-86_400, "yesterday"],
    [-86_400 * 21, "3 weeks ago"],
    [86_400 * 400, "next year"],
  ])("%d seconds from now is %s", (seconds, text) => expect(formatRelative(after(seconds), now)).toBe(text));

  it("names days that are near and dates that are not", () => {
    expect(formatSoon(new Date(2026, 10, 23, 14, 5), now)).toBe("today 14:05");
    expect(formatSoon(new Date(2026, 10, 24, 8, 30), now)).toBe("tomorrow 08:30");
    expect(formatSoon(new Date(2026, 10, 27, 8, 30), now)).toBe("Fri 08:30");
    expect(formatSoon(new Date(2026, 11, 24, 8, 30), now)).toBe("24 Dec 08:30");
  });
});
