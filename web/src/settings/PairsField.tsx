import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { TextInput } from "@/ui/TextInput";
import { Marked } from "./Marked";
import { freeName, type Pairs } from "./pairs";
import type { Name } from "./names";
import { lineText, readLine } from "./values";
import { WrittenText } from "./WrittenText";

interface PairsFieldProps {
  label: string;
  hint?: string | null;
  error?: string | null;
  required?: boolean;
  /** What a new name is called at first, and what the button says. */
  noun?: string;
  pairs: Pairs;
  names: Name[];
  readOnly: boolean;
  onChange: (pairs: Pairs) => Promise<string | null>;
}

/** Names with values, a row each. */
export function PairsField(props: PairsFieldProps) {
  const { label, hint, error, required, noun = "value", pairs, names, readOnly, onChange } = props;
  const [refused, setRefused] = useState<string | null>(null);
  const change = async (entries: [string, unknown][]) => {
    const problem = await onChange(Object.fromEntries(entries));
    setRefused(problem);
    return problem;
  };
  const entries = Object.entries(pairs);
  const rename = (at: number, name: string) => {
    if (name in pairs) return setRefused(`There is a ${name} already.`);
    void change(entries.map((entry, i) => (i === at ? [name, entry[1]] : entry)));
  };
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1.5 text-sm font-medium text-ink">
        {label}
        {required && <span className="text-bad"> *</span>}
      </legend>
      {entries.map(([name, value], at) => (
        <div key={name} className="grid grid-cols-[minmax(5rem,2fr)_minmax(0,3fr)_auto] items-start gap-1.5">
          <NameInput name={name} readOnly={readOnly} onRename={(next) => rename(at, next)} />
          <WrittenText
            bare
            label={`Value of ${name}`}
            {...{ value, names, readOnly, toText: entryText, read: readEntry }}
            onValue={(next) => change(entries.map((entry, i) => (i === at ? [name, next] : entry)))}
          />
          <IconButton
            label={`Remove ${name}`}
            icon={Trash2}
            disabled={readOnly}
            onClick={() => void change(entries.filter((_, i) => i !== at))}
          />
        </div>
      ))}
      {!readOnly && (
        <Button
          size="sm"
          variant="ghost"
          icon={Plus}
          className="self-start"
          onClick={() => void change([...entries, [freeName(Object.keys(pairs), noun), ""]])}
        >
          {`Add a ${noun}`}
        </Button>
      )}
      {hint && (
        <p className="text-xs text-ink-faint">
          <Marked text={hint} />
        </p>
      )}
      {(refused ?? error) && <p className="text-xs text-bad">{refused ?? error}</p>}
    </fieldset>
  );
}

function entryText(value: unknown): string {
  return value === "" ? "" : lineText(value);
}

/** An empty value is an empty text here: the name stays. */
function readEntry(text: string) {
  const read = readLine(text);
  return "nothing" in read ? { value: "" } : read;
}

function NameInput({
  name,
  readOnly,
  onRename,
}: {
  name: string;
  readOnly: boolean;
  onRename: (name: string) => void;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    const next = typed?.trim();
    setTyped(null);
    if (next && next !== name) onRename(next);
  };
  return (
    <TextInput
      mono
      aria-label={`Name of ${name}`}
      value={typed ?? name}
      readOnly={readOnly}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setTyped(null);
      }}
    />
  );
}
