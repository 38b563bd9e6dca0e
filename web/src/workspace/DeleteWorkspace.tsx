import { useState } from "react";
import { useGo } from "@/navigation";
import { useSubmit } from "@/session";
import { Actions } from "@/ui/Actions";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { deleteWorkspace } from "./queries";

/** The end of a workspace, its name typed once more. */
export function DeleteWorkspace({ name }: { name: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Block
      title="Delete the workspace"
      lead="Nobody can enter it any more, its agents stop and its API keys end. What happened in it stays on record."
      actions={
        <Button variant="danger" onClick={() => setOpen(true)}>
          Delete…
        </Button>
      }
    >
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={`Delete ${name}?`} size="sm">
        <Form name={name} onClose={() => setOpen(false)} />
      </Dialog>
    </Block>
  );
}

function Form({ name, onClose }: { name: string; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const go = useGo();
  const { busy, problem, onSubmit } = useSubmit(async () => {
    await deleteWorkspace(typed);
    go("/");
  });
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <p className="text-sm text-ink-soft">Its agents stop at once, for all members.</p>
      <Field label="The workspace's name, to be sure">
        <TextInput autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
      </Field>
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="danger" busy={busy} disabled={typed.trim() !== name}>
          Delete the workspace
        </Button>
      </Actions>
    </form>
  );
}
