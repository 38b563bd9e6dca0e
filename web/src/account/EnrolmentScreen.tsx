import { PageTitle } from "@/navigation";
import { chooseWorkspace, Doorstep, signOut, useSession } from "@/session";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";
import { Enrolment } from "./Enrolment";

/** Stands in the way of a workspace that asks for a second factor, for those who have none. */
export default function EnrolmentScreen() {
  const { workspace, workspaces } = useSession();
  const open = workspaces.filter(({ enrolment_needed }) => !enrolment_needed);
  return (
    <Doorstep
      title="Add a second factor"
      lead={`${workspace?.name ?? "This workspace"} asks its members for one. It takes a minute, and an authenticator app.`}
    >
      <PageTitle>Add a second factor</PageTitle>
      <Enrolment onKept={() => undefined} />
      <div className="mt-8 flex flex-wrap gap-2 border-t border-line pt-4">
        {open.map(({ id, name }) => (
          <Button key={id} size="sm" variant="ghost" onClick={() => chooseWorkspace(id)}>
            Go to {name}
          </Button>
        ))}
        <Button size="sm" variant="ghost" onClick={() => void signOut().catch(toast.problem)}>
          Sign out
        </Button>
      </div>
    </Doorstep>
  );
}
