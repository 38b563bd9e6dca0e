import { useState } from "react";
import { useSession, useSubmit } from "@/session";
import { Actions } from "@/ui/Actions";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { TextInput } from "@/ui/TextInput";
import { OnceShown } from "./OnceShown";
import { makeKey } from "./queries";
import { type Scope, SCOPES } from "./scopes";

/** Makes a key; afterwards its value, which is shown once. */
export function NewKeyDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [made, setMade] = useState<string | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  return (
    <Dialog open={open} onClose={close} dismissible={made === null} title={made ? "Your new key" : "New API key"}>
      {made ? (
        <div className="flex flex-col gap-4">
          <p className="text-sm text-ink-soft">
            Put it where the program finds it and nobody else does. It is shown now and never again.
          </p>
          <OnceShown label="Key" text={made} />
          <div className="flex justify-end">
            <Button variant="primary" onClick={close}>
              Done
            </Button>
          </div>
        </div>
      ) : (
        <Form onClose={close} onMade={setMade} />
      )}
    </Dialog>
  );
}

const LIVES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "no end", label: "Until it is ended" },
] as const;

function Form({ onClose, onMade }: { onClose: () => void; onMade: (key: string) => void }) {
  const { may } = useSession();
  const [name, setName] = useState("");
  const [days, setDays] = useState<(typeof LIVES)[number]["value"]>("90");
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set(["agents:read", "runs:read", "runs:write"]));
  const { busy, problem, onSubmit } = useSubmit(async () => {
    const expires_in_days = days === "no end" ? null : Number(days);
    onMade((await makeKey({ name: name.trim(), scopes: [...scopes], expires_in_days })).key);
  });
  const toggle = (scope: Scope, isOn: boolean) => {
    const next = new Set(scopes);
    if (isOn) next.add(scope);
    else next.delete(scope);
    setScopes(next);
  };
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-[1fr_11rem]">
        <Field label="Name" hint="What uses it.">
          <TextInput
            required
            maxLength={200}
            placeholder="Nightly export"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label="Good for">
          <Select options={LIVES} value={days} onChange={setDays} />
        </Field>
      </div>
      <fieldset>
        <legend className="mb-1 text-sm font-medium">What it may do</legend>
        <div className="grid gap-x-4 sm:grid-cols-2">
          {SCOPES.filter(({ scope }) => may(scope)).map(({ scope, may: words }) => (
            <Checkbox key={scope} label={words} checked={scopes.has(scope)} onChange={(isOn) => toggle(scope, isOn)} />
          ))}
        </div>
      </fieldset>
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions sticks>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" busy={busy} disabled={scopes.size === 0 || name.trim() === ""}>
          Make the key
        </Button>
      </Actions>
    </form>
  );
}
