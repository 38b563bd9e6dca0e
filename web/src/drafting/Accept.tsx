import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { asProblem } from "@/client/problem";
import { useGo } from "@/navigation";
import { useSession } from "@/session";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { forget } from "./kept";
import { createAgent, titleOf } from "./queries";

/** Makes an agent of the draft, under a name of one's choice, and goes to its editor. Nothing runs yet. */
export function Accept({ markdown }: { markdown: string }) {
  const { may } = useSession();
  const go = useGo();
  const [name, setName] = useState(() => titleOf(markdown));
  const input = useRef<HTMLInputElement>(null);
  const make = useMutation({
    mutationFn: () => createAgent(markdown, name.trim()),
    onSuccess: (id) => {
      forget();
      go(`/agents/${id}`);
    },
    onError: () => input.current?.focus(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() && !make.isPending) make.mutate();
  };
  const isTaken = make.error !== null && asProblem(make.error).status === 409;
  return (
    <form onSubmit={submit} className="flex shrink-0 flex-col gap-3 border-t border-line bg-raised p-4 max-sm:p-3">
      {make.error && !isTaken && <ErrorNote problem={make.error} />}
      <div className="flex gap-3 max-xl:items-end xl:flex-col">
        <Field
          className="max-xl:grow"
          label="Name"
          error={isTaken ? "There is an agent of this name already. Choose another." : null}
        >
          <TextInput
            ref={input}
            value={name}
            maxLength={200}
            required
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Button
          variant="primary"
          type="submit"
          busy={make.isPending || make.isSuccess}
          disabled={!name.trim() || !may("agents:write")}
        >
          Open it in the editor
        </Button>
      </div>
      {!may("agents:write") && <p className="text-xs text-ink-faint">Your role may not make agents.</p>}
    </form>
  );
}
