import { useState } from "react";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Popover } from "@/ui/Popover";
import { TextInput } from "@/ui/TextInput";
import type { DaySpan } from "./times";

/** Between which days; either may be open. */
export function Days({ days, onChange }: { days: DaySpan; onChange: (days: DaySpan) => void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      title="Between days"
      trigger={<Button size="sm">{wordsOf(days)}</Button>}
      className="flex w-64 flex-col gap-3"
    >
      <Field label="From">
        <TextInput
          type="date"
          value={days.from ?? ""}
          max={days.to ?? undefined}
          onChange={(event) => onChange({ ...days, from: event.target.value || null })}
        />
      </Field>
      <Field label="To">
        <TextInput
          type="date"
          value={days.to ?? ""}
          min={days.from ?? undefined}
          onChange={(event) => onChange({ ...days, to: event.target.value || null })}
        />
      </Field>
    </Popover>
  );
}

function wordsOf({ from, to }: DaySpan): string {
  if (from && to) return from === to ? from : `${from} to ${to}`;
  return from ? `Since ${from}` : `Until ${to}`;
}

/** The day before today and all since, to begin with. */
export function sinceYesterday(): DaySpan {
  const day = new Date();
  day.setDate(day.getDate() - 1);
  const [month, date] = [day.getMonth() + 1, day.getDate()].map((number) => String(number).padStart(2, "0"));
  return { from: `${day.getFullYear()}-${month}-${date}`, to: null };
}
