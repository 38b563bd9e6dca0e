import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { TextArea } from "@/ui/TextArea";

export type WhichVersion = "same" | "live";

const VERSIONS = [
  { value: "same", label: "The version that ran" },
  { value: "live", label: "The live version" },
] as const;

/** Which version a new run takes. */
export function VersionField({ value, onChange }: { value: WhichVersion; onChange: (value: WhichVersion) => void }) {
  return (
    <Field label="Version" hint="Take the live version once its mistake is mended there.">
      <Select options={VERSIONS} value={value} onChange={onChange} />
    </Field>
  );
}

/** Why nothing more is to be done. */
export function ReasonField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Field label="Reason" required hint="The audit log keeps it.">
      <TextArea
        rows={2}
        maxLength={2000}
        placeholder="Booked by hand"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}

/** A value, typed as JSON. `error` is shown once something is typed. */
export function JsonField(props: {
  label: string;
  hint?: string;
  placeholder?: string;
  required?: boolean;
  value: string;
  error: string | null;
  onChange: (value: string) => void;
}) {
  const { label, hint, placeholder, required, value, error, onChange } = props;
  return (
    <Field
      label={label}
      required={required}
      optional={!required}
      hint={hint}
      error={value.trim() === "" ? undefined : error}
    >
      <TextArea
        mono
        grows
        rows={4}
        spellCheck={false}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}
