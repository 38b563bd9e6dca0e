import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/client";
import { Link } from "@/navigation";
import { SettingsPage } from "@/shell";
import { useSession, useSubmit } from "@/session";
import { Block, RowOf, Rows } from "@/ui/Block";
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
import { WorkspaceFiles } from "./WorkspaceFiles";

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
          <Rules workspace={data} />
        </>
      )}
      <KeepRuns />
      {data && <WorkspaceFiles slug={data.slug} />}
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
          <div className="flex gap-2">
            <TextInput
              required
              maxLength={200}
              readOnly={!mayChange}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
            {mayChange && (
              <Button type="submit" busy={busy} disabled={!isNew}>
                Rename
              </Button>
            )}
          </div>
        </Field>
        {problem !== null && <ErrorNote problem={problem} />}
      </form>
    </Block>
  );
}

/** What holds for everybody in it. */
function Rules({ workspace }: { workspace: Schemas["Workspace"] }) {
  return (
    <Block title="Rules" lead="They hold for everybody in the workspace.">
      <Rows label="Rules">
        <SecondFactorForAll isOn={workspace.requires_second_factor} />
        <GreenExamples isOn={workspace.requires_green_examples} />
      </Rows>
    </Block>
  );
}

function SecondFactorForAll({ isOn }: { isOn: boolean }) {
  const { may, user } = useSession();
  const wouldLockOut = !isOn && user.second_factor_at === null;
  return (
    <RowOf
      title="Second factor for everybody"
      facts={
        <>
          Who signs in with a password needs a code as well. Members without one add it before they see anything here.
          {may("workspace:manage") && wouldLockOut && (
            <>
              {" "}
              Add one to{" "}
              <Link href="/account" className="text-link text-ink">
                your own account
              </Link>{" "}
              first, or you would lock yourself out.
            </>
          )}
        </>
      }
      actions={
        <Rule title="Second factor for everybody" isOn={isOn} isShut={wouldLockOut} change="requires_second_factor" />
      }
    />
  );
}

function GreenExamples({ isOn }: { isOn: boolean }) {
  return (
    <RowOf
      title="Examples before going live"
      facts="A version whose Examples fail does not go live. Owners and admins may let it all the same, with a reason."
      actions={<Rule title="Examples before going live" isOn={isOn} change="requires_green_examples" />}
    />
  );
}

interface RuleProps {
  title: string;
  isOn: boolean;
  /** It cannot be changed as things stand. */
  isShut?: boolean;
  change: "requires_second_factor" | "requires_green_examples";
}

function Rule({ title, isOn, isShut, change }: RuleProps) {
  const { may } = useSession();
  return (
    <Switch
      label={title}
      hideLabel
      checked={isOn}
      disabled={isShut || !may("workspace:manage")}
      onChange={(next) => void changeWorkspace({ [change]: next }).catch(toast.problem)}
    />
  );
}
