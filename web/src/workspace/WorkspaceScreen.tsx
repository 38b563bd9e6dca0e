import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "@/navigation";
import { SettingsPage } from "@/shell";
import { useSession, useSubmit } from "@/session";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { Skeleton } from "@/ui/Skeleton";
import { Switch } from "@/ui/Switch";
import { TextInput } from "@/ui/TextInput";
import { toast } from "@/ui/toast";
import { DeleteWorkspace } from "./DeleteWorkspace";
import { KeepRuns } from "./KeepRuns";
import { changeWorkspace, workspaceQuery } from "./queries";

/** The workspace itself: its name, what it asks of its members, how long it keeps runs, and its end. */
export function WorkspaceScreen() {
  const { may } = useSession();
  const { data, error, refetch, isFetching } = useQuery(workspaceQuery);
  return (
    <SettingsPage title="Workspace">
      {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-24" />}
      {data && (
        <>
          <Name key={data.name} name={data.name} />
          <Enforcement isOn={data.requires_second_factor} />
          <GreenExamples isOn={data.requires_green_examples} />
        </>
      )}
      <KeepRuns />
      {data && may("workspace:own") && <DeleteWorkspace name={data.name} />}
    </SettingsPage>
  );
}

function Name({ name }: { name: string }) {
  const { may } = useSession();
  const [typed, setTyped] = useState(name);
  const { busy, problem, onSubmit } = useSubmit(() => changeWorkspace({ name: typed.trim() }));
  const mayChange = may("workspace:manage");
  const isNew = typed.trim() !== "" && typed.trim() !== name;
  return (
    <Block title="Workspace" lead="Agents, runs and secrets live in it, and nothing of it is seen from another.">
      <form onSubmit={onSubmit} className="flex max-w-110 flex-col gap-3">
        <Field label="Name">
          <TextInput
            required
            maxLength={200}
            readOnly={!mayChange}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
        {problem !== null && <ErrorNote problem={problem} />}
        {mayChange && (
          <Button type="submit" busy={busy} disabled={!isNew} className="self-start">
            Rename
          </Button>
        )}
      </form>
    </Block>
  );
}

function Enforcement({ isOn }: { isOn: boolean }) {
  const { may, user } = useSession();
  const hasOne = user.second_factor_at !== null;
  return (
    <Block
      title="Second factor for everybody"
      lead="Members who sign in with a password need a code as well. Those without one are asked to add it before they see anything here."
    >
      <Switch
        label={isOn ? "Asked of all members" : "Not asked"}
        checked={isOn}
        disabled={!may("workspace:manage") || (!isOn && !hasOne)}
        onChange={(requires_second_factor) => void changeWorkspace({ requires_second_factor }).catch(toast.problem)}
      />
      {may("workspace:manage") && !isOn && !hasOne && (
        <p className="text-sm text-ink-soft">
          Add one to{" "}
          <Link href="/account" className="text-link text-ink">
            your own account
          </Link>{" "}
          first, or you would lock yourself out.
        </p>
      )}
    </Block>
  );
}

function GreenExamples({ isOn }: { isOn: boolean }) {
  const { may } = useSession();
  return (
    <Block
      title="Examples before going live"
      lead="A version whose Examples fail does not go live. Owners and admins may let it all the same, with a reason."
    >
      <Switch
        label={isOn ? "Examples have to be green" : "Versions go live without"}
        checked={isOn}
        disabled={!may("workspace:manage")}
        onChange={(requires_green_examples) =>
          void changeWorkspace({ requires_green_examples }).catch((why: unknown) => toast.problem(why))
        }
      />
    </Block>
  );
}
