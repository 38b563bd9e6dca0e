import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useEnterWorkspace } from "@/shell/WorkspaceMenu";
import { aRole, useSession, useSubmit } from "@/session";
import { Actions } from "@/ui/Actions";
import { Badge } from "@/ui/Badge";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { createWorkspace, leaveWorkspace, workspacesQuery } from "./queries";

/** The workspaces that the person belongs to: going into another, leaving one, making one. */
export function Workspaces() {
  const { workspace: here, workspaces } = useSession();
  const { data } = useQuery(workspacesQuery);
  const enter = useEnterWorkspace();
  const [isMaking, setMaking] = useState(false);
  const [leaving, setLeaving] = useState<{ id: string; name: string } | null>(null);
  return (
    <Block
      title="Your workspaces"
      lead="Agents, runs and secrets of one are never seen in another."
      actions={data?.may_create && <Button onClick={() => setMaking(true)}>New workspace</Button>}
    >
      <Rows label="Workspaces">
        {workspaces.map(({ id, name, role, enrolment_needed }) => (
          <RowOf
            key={id}
            title={
              <>
                <bdi>{name}</bdi>
                {id === here?.id && <Badge tone="accent">You are here</Badge>}
                {enrolment_needed && <Badge tone="warn">Asks for a second factor</Badge>}
              </>
            }
            facts={`You are ${aRole(role)} of it.`}
            actions={
              <>
                {id !== here?.id && (
                  <Button size="sm" aria-label={`Go to ${name}`} onClick={() => enter(id)}>
                    Go there
                  </Button>
                )}
                <Button size="sm" variant="ghost" aria-label={`Leave ${name}`} onClick={() => setLeaving({ id, name })}>
                  Leave
                </Button>
              </>
            }
          />
        ))}
      </Rows>
      <Dialog open={isMaking} onClose={() => setMaking(false)} title="New workspace" size="sm">
        <NewWorkspace onClose={() => setMaking(false)} />
      </Dialog>
      <ConfirmDialog
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        title={`Leave ${leaving?.name ?? ""}?`}
        confirm="Leave it"
        danger
        onConfirm={async () => {
          if (leaving) await leaveWorkspace(leaving.id);
        }}
      >
        <p>
          You see nothing of it any more, and API keys that you made there end. Only an invitation lets you back in.
        </p>
      </ConfirmDialog>
    </Block>
  );
}

function NewWorkspace({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const enter = useEnterWorkspace();
  const { busy, problem, onSubmit } = useSubmit(async () => {
    const { id } = await createWorkspace(name.trim());
    onClose();
    enter(id);
  });
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <Field label="Name" hint="You own it, and can invite others. It begins empty.">
        <TextInput required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" busy={busy}>
          Make it
        </Button>
      </Actions>
    </form>
  );
}
