import { useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { SettingsPage } from "@/shell";
import { useSession } from "@/session";
import { Block, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { Invitations } from "./Invitations";
import { InviteDialog } from "./InviteDialog";
import { MemberRow } from "./MemberRow";
import { membersQuery } from "./queries";

/** Who belongs to the workspace, and who is invited. */
export function MembersScreen() {
  const { may, workspace } = useSession();
  const { data, error, refetch, isFetching } = useQuery(membersQuery);
  const [isInviting, setInviting] = useState(false);
  const mayManage = may("members:manage");
  return (
    <SettingsPage title="Members">
      <Block
        title="Members"
        lead={`Who can get into ${workspace?.name ?? "this workspace"}, and what each of them may do.`}
        actions={
          mayManage && (
            <Button variant="primary" icon={UserPlus} onClick={() => setInviting(true)}>
              Invite somebody
            </Button>
          )
        }
      >
        {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
        {!data && !error && (
          <div role="status" className="flex flex-col gap-2">
            <span className="sr-only">Loading the members</span>
            {[0, 1, 2].map((i) => (
              <Skeleton key={i} className="h-16" />
            ))}
          </div>
        )}
        {data && (
          <Rows label="Members">
            {data.map((member) => (
              <MemberRow key={member.id} member={member} />
            ))}
          </Rows>
        )}
      </Block>
      {mayManage && <Invitations />}
      <InviteDialog open={isInviting} onClose={() => setInviting(false)} />
    </SettingsPage>
  );
}
