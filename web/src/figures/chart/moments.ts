/** How moments of a chart are written: hours in the person's zone, days in UTC, where they are counted. Pure. */
import type { Each } from "../period";

const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const WHOLE_HOUR = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const WHOLE_DAY = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** Beside an axis: "14:00", "17 Nov". */
export function shortMoment(at: number, each: Each): string {
  return (each === "hour" ? HOUR : DAY).format(at);
}

/** In a sentence or a table: "Mon, 23 Nov, 14:00", "Tue, 17 Nov 2026". */
export function wholeMoment(at: number, each: Each): string {
  return (each === "hour" ? WHOLE_HOUR : WHOLE_DAY).format(at);
}
