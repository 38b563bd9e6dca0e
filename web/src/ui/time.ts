/** Times in the words and the zone of the person. Only for what is drawn in the browser: the export knows no zone. */

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 7],
  ["week", 4.348],
  ["month", 12],
  ["year", Number.POSITIVE_INFINITY],
];

/** "3 minutes ago", "in 2 hours", "yesterday"; "now" within ten seconds. */
export function formatRelative(at: string | Date, now: Date = new Date()): string {
  let amount = (new Date(at).getTime() - now.getTime()) / 1000;
  if (Math.abs(amount) < 10) return "now";
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.round(Math.abs(amount)) < size) return words.format(Math.round(amount), unit);
    amount /= size;
  }
  return formatExact(at);
}

/** "Mon, 23 Nov 2026, 08:30:12 CET". */
export function formatExact(at: string | Date): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(new Date(at));
}

/** What the person's zone is called: "CET", "GMT+5:30". */
export function zoneWord(): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts();
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "local";
}

/** What a list shows of a time to come: "today 14:00", "tomorrow 08:30", "Fri 08:30", "3 Dec 08:30". */
export function formatSoon(at: string | Date, now: Date = new Date()): string {
  const when = new Date(at);
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(when);
  const days = Math.round((startOfDay(when) - startOfDay(now)) / 86_400_000);
  if (days === 0) return `today ${clock}`;
  if (days === 1) return `tomorrow ${clock}`;
  const near = days > 1 && days < 7;
  const day = new Intl.DateTimeFormat("en-GB", near ? { weekday: "short" } : { day: "numeric", month: "short" });
  return `${day.format(when)} ${clock}`;
}

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
