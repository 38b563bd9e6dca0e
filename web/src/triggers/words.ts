/** Triggers in words. Pure. */
import type { Schemas } from "@/client";
import type { Tone } from "@/ui/status";

const REASONS: Record<string, string> = {
  missed: "Nothing was at work then",
  overlap: "The run before was still going on",
  too_many_waiting: "Too many times waited already",
  replaced: "A later time took its place",
  called_off: "Called off",
};

/** What became of a time at which a schedule was due. */
export function tickWords({ state, reason, late_s, is_backfill }: Schemas["Tick"]): {
  word: string;
  tone: Tone;
  more: string;
} {
  const filled = is_backfill ? "filled in" : "";
  if (state === "waiting") return { word: "Waiting", tone: "warn", more: filled };
  if (state === "skipped") return { word: "Skipped", tone: "idle", more: (reason && REASONS[reason]) || reason || "" };
  const late = late_s !== null && late_s >= 60 ? `${Math.round(late_s / 60)} min late` : "";
  return { word: "Started", tone: "good", more: filled || late };
}

/** What a test's payload begins with, by the kind of trigger. */
export function samplePayload(kind: string): string {
  if (kind === "chat") return JSON.stringify({ message: "What is new?" }, null, 2);
  if (kind === "error") return JSON.stringify({ agent: "Another agent", failure: { message: "It failed." } }, null, 2);
  return "{}";
}

/** What the test's payload is, by the kind of trigger. */
export function payloadWords(kind: string): { label: string; hint: string } {
  if (kind === "form") return { label: "Fields", hint: "JSON: what somebody would write into the form." };
  if (kind === "chat") return { label: "Message", hint: "JSON: what somebody would say." };
  if (kind === "error") return { label: "Failure", hint: "JSON: what the other agent's run would tell." };
  return { label: "Body", hint: "JSON: what a sender would send. Signatures are not looked at." };
}

/** A size in bytes as people read it. */
export function sizeWords(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KiB`;
}

/** A day as a date input has it, so many days before today, in the person's zone. */
export function dayBefore(days: number, today: Date): string {
  const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - days);
  const [month, date] = [day.getMonth() + 1, day.getDate()].map((number) => String(number).padStart(2, "0"));
  return `${day.getFullYear()}-${month}-${date}`;
}
