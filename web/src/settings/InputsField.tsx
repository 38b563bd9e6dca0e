import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { controlOf, draftOf, type Input, type Inputs, read } from "@/run_form/inputs";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Select } from "@/ui/Select";
import { Switch } from "@/ui/Switch";
import { TextInput } from "@/ui/TextInput";
import { findingAt, setting, useEditing } from "./editing";
import { freeName } from "./pairs";
import { plainText, readText, WrittenText } from "./WrittenText";
import type { Written } from "./values";

const TYPES = [
  ...["text", "long text", "number", "integer", "yes/no", "date", "time", "date and time", "duration"],
  ...["email", "url", "file", "object", "list of text", "list", "any"],
];
const CHOICE = "one of [first, second]";

/** What a run is given: each input's name, type, default and purpose. */
export function InputsField({ inputs }: { inputs: Inputs }) {
  const { apply, findings, readOnly } = useEditing();
  const [refused, setRefused] = useState<string | null>(null);
  const set = async (name: string, input: Input | undefined) => {
    const problem = await apply(setting(null, ["inputs", name], input));
    setRefused(problem);
    return problem;
  };
  const rename = async (from: string, to: string) => {
    if (!/^[A-Za-z_]\w*$/.test(to))
      return setRefused("A name has letters, digits and underscores, and begins with a letter.");
    if (to in inputs) return setRefused(`There is an input ${to} already.`);
    const entries = Object.entries(inputs).map(([name, input]) => [name === from ? to : name, input]);
    setRefused(await apply(setting(null, ["inputs"], Object.fromEntries(entries))));
  };
  const names = Object.keys(inputs);
  return (
    <>
      {names.length === 0 && <p className="text-sm text-ink-soft">A run is given nothing.</p>}
      {names.map((name) => (
        <InputCard
          key={name}
          name={name}
          input={inputs[name] ?? {}}
          error={findingAt(findings, ["inputs", name])}
          onRename={(next) => void rename(name, next)}
          onSet={(next) => set(name, next)}
        />
      ))}
      {!readOnly && (
        <Button
          size="sm"
          variant="ghost"
          icon={Plus}
          className="self-start"
          onClick={() => void set(freeName(names, "input"), { type: "text" })}
        >
          Add an input
        </Button>
      )}
      {refused && <p className="text-xs text-bad">{refused}</p>}
    </>
  );
}

interface InputCardProps {
  name: string;
  input: Input;
  error: string | null;
  onRename: (name: string) => void;
  /** Undefined: taken away. */
  onSet: (input: Input | undefined) => Promise<string | null>;
}

function InputCard({ name, input, error, onRename, onSet }: InputCardProps) {
  const { readOnly } = useEditing();
  const [typed, setTyped] = useState<string | null>(null);
  const commitName = () => {
    const next = typed?.trim();
    setTyped(null);
    if (next && next !== name) onRename(next);
  };
  const type = input.type ?? "text";
  const options = [...new Set([...TYPES, type.startsWith("one of") ? type : CHOICE, type])];
  const control = controlOf(type);
  return (
    <div className="flex flex-col gap-2 rounded-md border border-line bg-paper p-2.5">
      <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto] items-center gap-1.5">
        <TextInput
          mono
          aria-label={`Name of ${name}`}
          value={typed ?? name}
          readOnly={readOnly}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={commitName}
          onKeyDown={(event) => event.key === "Enter" && commitName()}
        />
        <Select
          label={`Type of ${name}`}
          options={options.map((one) => ({ value: one, label: one === CHOICE ? "one of …" : one }))}
          value={type}
          disabled={readOnly}
          onChange={(next) => void onSet({ ...withoutDefault(input), type: next })}
        />
        <IconButton label={`Remove ${name}`} icon={Trash2} disabled={readOnly} onClick={() => void onSet(undefined)} />
      </div>
      <div className="grid grid-cols-[4rem_minmax(0,1fr)] items-baseline gap-x-2 gap-y-1.5 text-xs text-ink-faint">
        {type.startsWith("one of") && (
          <>
            <span aria-hidden>Choices</span>
            <WrittenText
              bare
              mode="plain"
              label={`Choices of ${name}`}
              value={type}
              toText={choicesText}
              read={readChoices}
              readOnly={readOnly}
              onValue={(next) => onSet({ ...withoutDefault(input), type: String(next) })}
            />
          </>
        )}
        <span aria-hidden>Default</span>
        <WrittenText
          bare
          mode="plain"
          many={control.is === "list" || control.is === "long" || control.is === "data"}
          label={`Default of ${name}`}
          placeholder="None: every run has to give it"
          value={input.default}
          toText={(value) => plainText(control.is === "yes-no" ? yesNo(value) : draftOf(control, value))}
          read={(text) => readDefault(text, input)}
          readOnly={readOnly}
          onValue={(next) => onSet(next === undefined ? withoutDefault(input) : { ...input, default: next })}
        />
        <span aria-hidden>About</span>
        <WrittenText
          bare
          mode="plain"
          label={`What ${name} is`}
          placeholder="What it is, for the reader"
          value={input.about || undefined}
          toText={plainText}
          read={readText}
          readOnly={readOnly}
          onValue={(next) => onSet({ ...input, about: String(next ?? "") })}
        />
      </div>
      {input.default === undefined && (
        <Switch
          label="Every run has to give it"
          checked={input.required !== false}
          disabled={readOnly}
          onChange={(required) => void onSet({ ...input, required })}
        />
      )}
      {error && <p className="text-xs text-bad">{error}</p>}
    </div>
  );
}

function withoutDefault({ default: _, ...input }: Input): Input {
  return input;
}

function yesNo(value: unknown): string {
  return value === undefined ? "" : value === true || value === "yes" ? "yes" : "no";
}

function readDefault(text: string, { type }: Input): Written {
  const control = controlOf(type);
  if (text.trim() === "") return { nothing: true };
  if (control.is === "yes-no") {
    return /^(yes|no)$/i.test(text.trim())
      ? { value: text.trim().toLowerCase() === "yes" }
      : { error: "Write yes or no." };
  }
  if (control.is === "list") return asWritten(read(control, text.replaceAll(/,\s*/g, "\n")));
  return control.is === "file"
    ? { error: "A file has no default here; write it in the text." }
    : asWritten(read(control, text));
}

function asWritten(found: ReturnType<typeof read>): Written {
  return "missing" in found ? { nothing: true } : found;
}

function choicesText(type: unknown): string {
  return /\[(.*)\]/s.exec(String(type))?.[1] ?? "";
}

function readChoices(text: string): Written {
  return text.trim()
    ? { value: `one of [${text.trim()}]` }
    : { error: "Name at least one choice, with commas between." };
}
