import { useMutation, useQuery } from "@tanstack/react-query";
import { Mail } from "lucide-react";
import { Badge } from "@/ui/Badge";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { type Invitation, invitationsQuery, revokeInvitation } from "./queries";

/** The invitations that nobody has accepted yet; nothing where there are none. */
export function Invitations() {
  const { data, error, refetch, isFetching } = useQuery(invitationsQuery);
  if (error) return <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />;
  if (!data?.length) return null;
  return (
    <Block title="Invited" lead="Each link works once, within seven days. To send another, invite the address again.">
      <Rows label="Invitations">
        {data.map((one) => (
          <Row key={one.id} invitation={one} />
        ))}
      </Rows>
    </Block>
  );
}

function Row({ invitation: { id, email, role, created_at, expires_at } }: { invitation: Invitation }) {
  const revoke = useMutation({ mutationFn: () => revokeInvitation(id), onError: toast.problem });
  return (
    <RowOf
      icon={<Mail aria-hidden className="size-4 shrink-0 text-ink-faint" />}
      title={
        <>
          <bdi>{email}</bdi> <Badge>{role}</Badge>
        </>
      }
      facts={
        <>
          Invited <Time at={created_at} />, ends <Time at={expires_at} />
        </>
      }
      actions={
        <Button
          size="sm"
          variant="ghost"
          busy={revoke.isPending}
          aria-label={`Take back the invitation of ${email}`}
          onClick={() => revoke.mutate()}
        >
          Take back
        </Button>
      }
    />
  );
}
