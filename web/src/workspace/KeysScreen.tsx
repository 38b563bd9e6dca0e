import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { SettingsPage } from "@/shell";
import { Badge } from "@/ui/Badge";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { Time, useNow } from "@/ui/Time";
import { NewKeyDialog } from "./NewKeyDialog";
import { type ApiKey, keysQuery, revokeKey } from "./queries";

/** The keys by which programs get in. */
export function KeysScreen() {
  const { data, error, refetch, isFetching } = useQuery(keysQuery);
  const [isMaking, setMaking] = useState(false);
  const [ending, setEnding] = useState<ApiKey | null>(null);
  return (
    <SettingsPage title="API keys">
      <Block
        title="API keys"
        lead="Programs sign in with them. A key can never do more than the person who made it."
        actions={
          <Button variant="primary" onClick={() => setMaking(true)}>
            New key
          </Button>
        }
      >
        {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton className="h-40" />}
        {data?.length === 0 && (
          <EmptyState icon={KeyRound} title="No keys yet">
            Make one, and a program can start runs, read them, and all else that you let it.
          </EmptyState>
        )}
        {data && data.length > 0 && (
          <Rows label="API keys">
            {data.map((key) => (
              <Row key={key.id} apiKey={key} onEnd={() => setEnding(key)} />
            ))}
          </Rows>
        )}
      </Block>
      <NewKeyDialog open={isMaking} onClose={() => setMaking(false)} />
      <ConfirmDialog
        open={ending !== null}
        onClose={() => setEnding(null)}
        title={`End the key “${ending?.name ?? ""}”?`}
        confirm="End the key"
        danger
        onConfirm={async () => {
          if (ending) await revokeKey(ending.id);
        }}
      >
        <p>Whatever uses it is refused from now on. It stays in this list.</p>
      </ConfirmDialog>
    </SettingsPage>
  );
}

function Row({ apiKey, onEnd }: { apiKey: ApiKey; onEnd: () => void }) {
  const now = useNow();
  const { name, hint, scopes, created_at, expires_at, last_used_at, revoked_at } = apiKey;
  const isExpired = expires_at !== null && now !== null && new Date(expires_at) <= now;
  const isOver = revoked_at !== null || isExpired;
  return (
    <RowOf
      icon={<KeyRound aria-hidden className="size-4 shrink-0 text-ink-faint" />}
      title={
        <>
          <bdi>{name}</bdi>
          <code className="font-mono text-xs text-ink-faint">…{hint}</code>
          {revoked_at !== null ? <Badge>Ended</Badge> : isExpired && <Badge>Expired</Badge>}
        </>
      }
      facts={
        <>
          {scopes.join(", ")}
          <br />
          Made <Time at={created_at} />
          {last_used_at ? (
            <>
              , last used <Time at={last_used_at} />
            </>
          ) : (
            ", never used"
          )}
          {expires_at && !isOver && (
            <>
              , expires <Time at={expires_at} />
            </>
          )}
        </>
      }
      actions={
        !isOver && (
          <Button size="sm" variant="ghost" aria-label={`End the key ${name}`} onClick={onEnd}>
            End
          </Button>
        )
      }
    />
  );
}
