import { Field } from "@/ui/Field";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { Select } from "@/ui/Select";
import { TextArea } from "@/ui/TextArea";
import { TextInput } from "@/ui/TextInput";
import { FileInput } from "./FileInput";
import { type Control, controlOf, type Draft, type Input, isRequired } from "./inputs";

interface InputControlProps {
  name: string;
  input: Input;
  draft: Draft;
  error?: string;
  onFill: (draft: Draft) => void;
  onLeave: () => void;
}

/** One input of a run, with the control its type asks for. */
export function InputControl({ name, input, draft, error, onFill, onLeave }: InputControlProps) {
  const control = controlOf(input.type);
  const required = isRequired(input);
  const hint = [asSentence(input.about), HINTS[control.is]].filter(Boolean).join(" ");
  return (
    <div onBlur={onLeave}>
      <Field label={labelOf(name)} hint={hint || undefined} error={error} required={required} optional={!required}>
        <Filled control={control} name={name} draft={draft} onFill={onFill} />
      </Field>
    </div>
  );
}

const HINTS: Partial<Record<Control["is"], string>> = {
  list: "One on each line.",
  data: "As JSON.",
  "date-time": "In UTC.",
};

function asSentence(text = ""): string {
  return !text || /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** `send_to` → `Send to`. */
function labelOf(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

interface FilledProps {
  control: Control;
  name: string;
  draft: Draft;
  onFill: (draft: Draft) => void;
}

function Filled({ control, name, draft, onFill }: FilledProps) {
  const text = typeof draft === "string" ? draft : "";
  switch (control.is) {
    case "yes-no":
      return <YesNo name={name} draft={draft} onFill={onFill} />;
    case "choice":
      return (
        <Select
          options={control.options.map((one) => ({ value: String(one), label: String(one) }))}
          value={text || null}
          onChange={onFill}
        />
      );
    case "file":
      return <FileInput picked={typeof draft === "object" ? draft : null} onPick={onFill} />;
    case "long":
    case "list":
      return <TextArea grows value={text} onChange={(event) => onFill(event.target.value)} />;
    case "data":
      return <TextArea grows mono value={text} onChange={(event) => onFill(event.target.value)} />;
    default:
      return <Line control={control} text={text} onFill={onFill} />;
  }
}

function YesNo({ name, draft, onFill }: Omit<FilledProps, "control">) {
  return (
    <SegmentedControl
      label={labelOf(name)}
      segments={[
        { value: "yes", label: "Yes" },
        { value: "no", label: "No" },
      ]}
      value={draft === null ? "" : draft === true ? "yes" : "no"}
      onChange={(chosen) => onFill(chosen === "yes")}
      className="self-start"
    />
  );
}

const TYPES: Partial<Record<Control["is"], string>> = { date: "date", time: "time", "date-time": "datetime-local" };

function Line({ control, text, onFill }: { control: Control; text: string; onFill: (draft: Draft) => void }) {
  return (
    <TextInput
      type={control.is === "text" ? control.type : (TYPES[control.is] ?? "text")}
      inputMode={control.is === "number" ? (control.whole ? "numeric" : "decimal") : undefined}
      placeholder={control.is === "text" ? control.example : undefined}
      value={text}
      onChange={(event) => onFill(event.target.value)}
    />
  );
}
