import { type FormEvent, useState } from "react";
import type { Kind } from "@/document/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { KindIcon } from "@/ui/KindIcon";
import { TextInput } from "@/ui/TextInput";

/** What a new step is called. */
export function NewStepForm(props: {
  kind: Kind | undefined;
  start: string;
  onDone: (name: string) => void;
  onCancel: () => void;
}) {
  const [name, setName] = useState(props.start);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onDone(name.trim() || props.start);
  };
  return (
    <form aria-label="New step" onSubmit={submit} className="flex flex-col gap-3 p-3">
      <p className="flex items-center gap-2 text-sm font-medium">
        {props.kind && <KindIcon kind={props.kind.id} group={props.kind.group} />}
        {props.kind?.title}
      </p>
      <Field label="Name of the step">
        <TextInput
          autoFocus
          size="sm"
          maxLength={300}
          value={name}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <div className="flex justify-end gap-2">
        <Button size="sm" variant="ghost" onClick={props.onCancel}>
          Cancel
        </Button>
        <Button size="sm" variant="primary" type="submit">
          Add
        </Button>
      </div>
    </form>
  );
}
