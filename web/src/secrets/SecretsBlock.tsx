import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { useSession } from "@/session";
import { Block, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { LimitsDialog, UseDialog } from "./ChangeDialogs";
import { DeleteSecret } from "./DeleteSecret";
import { type Secret, secretsQuery } from "./queries";
import { SealDialog } from "./SealDialog";
import { type Asked, SecretRow } from "./SecretRow";

/** The secrets that are no connections, and what may be done with them. */
export function SecretsBlock() {
  const { may } = useSession();
  const { data } = useQuery(secretsQuery);
  const [asks, setAsks] = useState<{ of: Secret | null; what: Asked | "add" } | null>(null);
  const mayWrite = may("secrets:write");
  const add = () => setAsks({ of: null, what: "add" });
  return (
    <Block
      title="Secrets"
      lead={
        <>
          Passwords, keys and tokens that steps sign their calls with. Their values are sealed and never shown.
          {!mayWrite && " Admins and owners add and change them."}
        </>
      }
      actions={
        mayWrite && (
          <Button variant="primary" icon={Plus} onClick={add}>
            Add a secret
          </Button>
        )
      }
    >
      <List onAsk={mayWrite ? (of, what) => setAsks({ of, what }) : null} />
      {asks && <Asking {...asks} taken={new Set(data?.map(({ name }) => name))} onClose={() => setAsks(null)} />}
    </Block>
  );
}

/** Those that hold no connection's tokens. `onAsk` null: somebody who may not change them. */
function List({ onAsk }: { onAsk: ((of: Secret, what: Asked) => void) | null }) {
  const { data, error, refetch, isFetching } = useQuery(secretsQuery);
  if (error) return <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="h-40" />;
  const secrets = data.filter((one) => !one.is_connection);
  if (secrets.length === 0) {
    return (
      <EmptyState icon={KeyRound} title="No secrets yet">
        {onAsk ? "Add one, and steps can name it as their account." : "Ask an admin for those that your agents need."}
      </EmptyState>
    );
  }
  return (
    <Rows label="Secrets">
      {secrets.map((secret) => (
        <SecretRow key={secret.name} secret={secret} onAsk={onAsk && ((what) => onAsk(secret, what))} />
      ))}
    </Rows>
  );
}

interface AskingProps {
  of: Secret | null;
  what: Asked | "add";
  taken: ReadonlySet<string>;
  onClose: () => void;
}

function Asking({ of, what, taken, onClose }: AskingProps) {
  if (of && what === "use") return <UseDialog secret={of} onClose={onClose} />;
  if (of && what === "limits") return <LimitsDialog secret={of} onClose={onClose} />;
  if (of && what === "delete") return <DeleteSecret name={of.name} onClose={onClose} />;
  return <SealDialog secret={of} taken={taken} onClose={onClose} />;
}
