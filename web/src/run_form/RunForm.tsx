import { Play } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { collect, type Draft, initialDrafts, type Inputs } from "./inputs";
import { InputControl } from "./InputControl";

export interface RunFormProps {
  inputs: Inputs;
  /** What it begins with instead of the defaults, such as the inputs of an earlier run. */
  initial?: Record<string, unknown>;
  onStart: (inputs: Record<string, unknown>) => void;
  onCancel?: () => void;
  busy?: boolean;
  /** Whatever was caught when the run was started. */
  problem?: unknown;
}

/** What a run is given, drawn from the agent's inputs. Ctrl- or Cmd-Enter starts it. */
export function RunForm({ inputs, initial, onStart, onCancel, busy, problem }: RunFormProps) {
  const [drafts, setDrafts] = useState(() => initialDrafts(inputs, initial));
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set());
  const { values, errors } = collect(inputs, drafts);
  const start = () => {
    setShown(new Set(Object.keys(errors)));
    if (Object.keys(errors).length === 0) onStart(values);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start();
  };
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, textarea, button")?.focus(), []);
  const fill = (name: string, draft: Draft) => setDrafts((before) => ({ ...before, [name]: draft }));
  return (
    <form
      ref={form}
      noValidate
      aria-label="Inputs of the run"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) submit(event);
      }}
      className="flex flex-col gap-4"
    >
      {Object.entries(inputs).map(([name, input]) => (
        <InputControl
          key={name}
          name={name}
          input={input}
          draft={drafts[name] ?? null}
          error={shown.has(name) ? errors[name] : undefined}
          onFill={(draft) => fill(name, draft)}
          onLeave={() => setShown((before) => withCheck(before, name, drafts[name] ?? null))}
        />
      ))}
      {problem != null && <ErrorNote problem={problem} />}
      <div className="flex justify-end gap-2">
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <Button type="submit" variant="primary" icon={Play} busy={busy} shortcut="Mod+Enter">
          Start the run
        </Button>
      </div>
    </form>
  );
}

/** A field that was filled in and left is checked from then on; one that was only passed by is not. */
function withCheck(shown: ReadonlySet<string>, name: string, draft: Draft): ReadonlySet<string> {
  return draft === null || draft === "" ? shown : new Set([...shown, name]);
}
