import { useQuery } from "@tanstack/react-query";
import { Plug } from "lucide-react";
import { useState } from "react";
import { useGo, useParam } from "@/navigation";
import { useSession } from "@/session";
import { Block, Rows } from "@/ui/Block";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { UseDialog } from "./ChangeDialogs";
import { ConnectDialog } from "./ConnectDialog";
import { ConnectionRow } from "./ConnectionRow";
import { Uses } from "./DeleteSecret";
import { type Connection, connectionsQuery, disconnectAccount, servicesQuery } from "./queries";

type Asked = "anew" | "use" | "remove";

/** The accounts that are connected, and how they stand. `?connect=NAME` asks for one of them to be connected anew. */
export function ConnectionsBlock() {
  const { may } = useSession();
  const go = useGo();
  const { data } = useQuery(connectionsQuery);
  const [asks, setAsks] = useState<{ of: Connection; what: Asked } | null>(null);
  const wanted = useParam("connect");
  const mayWrite = may("secrets:write");
  const told = mayWrite ? data?.find(({ name }) => name === wanted) : undefined;
  const asked = asks ?? (told ? { of: told, what: "anew" as const } : null);
  const close = () => {
    setAsks(null);
    if (wanted !== null) go("/workspace/secrets", { replace: true });
  };
  return (
    <Block
      title="Connections"
      lead={
        <>
          Accounts that somebody has agreed to let Plainwork use. Their tokens are renewed by themselves.
          {!mayWrite && " Admins and owners connect and remove them."}
        </>
      }
    >
      <List onAsk={mayWrite ? (of, what) => setAsks({ of, what }) : null} />
      {asked && <Asking {...asked} onClose={close} />}
    </Block>
  );
}

/** `onAsk` null: somebody who may not change them. */
function List({ onAsk }: { onAsk: ((of: Connection, what: Asked) => void) | null }) {
  const { data, error, refetch, isFetching } = useQuery(connectionsQuery);
  if (error) return <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="h-24" />;
  if (data.length === 0) {
    return (
      <EmptyState icon={Plug} title="No account is connected" className="py-8">
        {onAsk && "Connect one of the services below; nobody has to copy a token for it."}
      </EmptyState>
    );
  }
  return (
    <Rows label="Connections">
      {data.map((one) => (
        <ConnectionRow key={one.name} connection={one} onAsk={onAsk && ((what) => onAsk(one, what))} />
      ))}
    </Rows>
  );
}

function Asking({ of, what, onClose }: { of: Connection; what: Asked; onClose: () => void }) {
  if (what === "use") return <UseDialog secret={{ ...of, is_connection: true }} onClose={onClose} />;
  if (what === "remove") return <Remove connection={of} onClose={onClose} />;
  return <Anew connection={of} onClose={onClose} />;
}

function Anew({ connection, onClose }: { connection: Connection; onClose: () => void }) {
  const { data } = useQuery(servicesQuery);
  const service = data?.find((one) => one.connector === connection.connector);
  if (!service) return null;
  return (
    <ConnectDialog
      service={service}
      connection={connection}
      wish={connection.name}
      onClose={onClose}
      onConnected={() => {
        toast.good(`${connection.name} is connected. Runs that waited for it go on by themselves.`);
        onClose();
      }}
    />
  );
}

function Remove({ connection: { name }, onClose }: { connection: Connection; onClose: () => void }) {
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Remove ${name}?`}
      confirm="Remove it"
      danger
      onConfirm={async () => {
        const wasTold = await disconnectAccount(name);
        toast.good(wasTold ? `${name} is removed, and its provider knows.` : `${name} is removed.`);
      }}
    >
      <p>Its tokens are deleted, and its provider is told where it takes that.</p>
      <Uses name={name} />
    </ConfirmDialog>
  );
}
