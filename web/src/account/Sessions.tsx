import { useMutation, useQuery } from "@tanstack/react-query";
import { LogOut, MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/ui/Badge";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { endOneSession, endOtherSessions, type OpenSession, sessionsQuery } from "./queries";

/** Where the person is signed in. */
export function Sessions() {
  const { data, error, refetch, isFetching } = useQuery(sessionsQuery);
  const [asks, setAsks] = useState(false);
  const others = data?.filter(({ is_current }) => !is_current).length ?? 0;
  return (
    <Block
      title="Where you are signed in"
      lead="End what you do not know or do not use any more, and change your password if somebody else was in."
      actions={others > 0 && <Button onClick={() => setAsks(true)}>Sign out everywhere else</Button>}
    >
      {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-18" />}
      {data && (
        <Rows label="Sessions">
          {data.map((session) => (
            <Session key={session.id} session={session} />
          ))}
        </Rows>
      )}
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title="Sign out everywhere else?"
        confirm="Sign out"
        onConfirm={async () => {
          const ended = await endOtherSessions();
          toast.good(ended === 1 ? "One session was ended." : `${ended} sessions were ended.`);
        }}
      >
        <p>This browser stays signed in. All others have to sign in again.</p>
      </ConfirmDialog>
    </Block>
  );
}

function Session({ session }: { session: OpenSession }) {
  const { id, device, address, signed_in_by, created_at, last_seen_at, is_current } = session;
  const end = useMutation({ mutationFn: () => endOneSession(id), onError: toast.problem });
  return (
    <RowOf
      icon={<MonitorSmartphone aria-hidden className="size-4 shrink-0 text-ink-faint" />}
      title={
        <>
          {device}
          {is_current && <Badge tone="accent">This browser</Badge>}
        </>
      }
      facts={
        <>
          {address && <>{address} · </>}
          {signed_in_by === "sso" ? "single sign-on" : "password"}, <Time at={created_at} />
          {!is_current && (
            <>
              {" "}
              · last seen <Time at={last_seen_at} />
            </>
          )}
        </>
      }
      actions={
        !is_current && (
          <Button
            size="sm"
            variant="ghost"
            icon={LogOut}
            busy={end.isPending}
            aria-label={`End the session of ${device}`}
            onClick={() => end.mutate()}
          >
            End
          </Button>
        )
      }
    />
  );
}
