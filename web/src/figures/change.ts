/** How a figure compares with the same one of the time before. Pure. */

export interface Change {
  words: string;
  /** Which way it went; null: neither. */
  way: "up" | "down" | null;
}

const SAME = { words: "as before", way: null } as const;
const FIRST = { words: "none before", way: null } as const;

/** By how many per cent an amount is more or less. Null where one of them is not known. */
export function changeOf(now: number | null, before: number | null): Change | null {
  if (now === null || before === null) return null;
  if (before === 0) return now === 0 ? SAME : FIRST;
  const times = now / before;
  if (times >= 10) return { words: `${Math.round(times)} times as much`, way: "up" };
  const percent = Math.round((times - 1) * 100);
  return percent === 0 ? SAME : { words: `${Math.abs(percent)} %`, way: percent > 0 ? "up" : "down" };
}

/** By how many points a share (0 to 1) is more or less. */
export function pointsOf(now: number | null, before: number | null): Change | null {
  if (now === null || before === null) return null;
  const points = Math.round((now - before) * 1000) / 10;
  if (points === 0) return SAME;
  return {
    words: `${Math.abs(points)} ${Math.abs(points) === 1 ? "point" : "points"}`,
    way: points > 0 ? "up" : "down",
  };
}

/** A part of a whole; null of nothing. */
export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** "0 %", "0.4 %", "12 %"; never "0 %" of what is there, nor "100 %" of what is not all. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  if (percent < 100 && percent >= 99.95) return ">99.9 %";
  const digits = percent < 10 || (percent > 99 && percent < 100) ? 1 : 0;
  return `${percent.toFixed(digits).replace(/\.0$/, "")} %`;
}

/** 1234567 → "1,234,567". */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}
