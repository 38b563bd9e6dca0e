import { Field } from "@/ui/Field";
import { NumberInput } from "@/ui/NumberInput";
import { Slider } from "@/ui/Slider";

const LEAST = 1;
const MOST = 50;

export function isShare(value: number | null): value is number {
  return value !== null && Number.isInteger(value) && value >= LEAST && value <= MOST;
}

/** How many of a hundred new runs the candidate takes: by dragging, or as a number. */
export function ShareField({ value, onChange }: { value: number | null; onChange: (value: number | null) => void }) {
  const number = (
    <span className="flex items-center gap-2">
      <NumberInput
        whole
        size="sm"
        aria-label="Share in percent"
        value={value}
        onChange={onChange}
        className="w-16! text-right"
      />
      <span className="text-sm text-ink-soft">%</span>
    </span>
  );
  return (
    <Field
      label="Share of new runs"
      hint="Of a hundred, at most half. The same key always falls the same way."
      error={!isShare(value) && `A whole number from ${LEAST} to ${MOST}.`}
      aside={number}
    >
      <Slider value={value ?? LEAST} least={LEAST} most={MOST} onChange={onChange} />
    </Field>
  );
}
