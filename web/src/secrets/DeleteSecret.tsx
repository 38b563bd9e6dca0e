import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/client";
import { Link } from "@/navigation";
import { Badge } from "@/ui/Badge";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { deleteSecret, usesQuery } from "./queries";

/** Asks before a secret is deleted, naming who would miss it. */
export function DeleteSecret({ name, onClose }: { name: string; onClose: () => void }) {
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Delete ${name}?`}
      confirm="Delete it"
      danger
      onConfirm={async () => {
        await deleteSecret(name);
        toast.good(`${name} is deleted.`);
      }}
    >
      <p>Its value is gone for good.</p>
      <Uses name={name} />
    </ConfirmDialog>
  );
}

/** The agents and connections that use a secret. */
export function Uses({ name }: { name: string }) {
  const { data, error, refetch } = useQuery(usesQuery(name));
  if (error) return <ErrorNote problem={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="h-10" />;
  const { agents, connections } = data;
  return (
    <>
      {agents.length === 0 && connections.length === 0 && <p>No agent names it.</p>}
      {agents.length > 0 && <Agents agents={agents} />}
      {connections.length > 0 && (
        <p>
          These connections were made with it as their app, and end with their next renewal:{" "}
          <span className="text-ink">{connections.join(", ")}</span>.
        </p>
      )}
    </>
  );
}

function Agents({ agents }: { agents: Schemas["SecretAgent"][] }) {
  return (
    <>
      <p>The steps of these agents that use it fail from then on:</p>
      <ul aria-label="Agents that use it" className="max-h-48 divide-y divide-line overflow-y-auto">
        {agents.map(({ agent_id, name, is_live }) => (
          <li key={agent_id} className="flex items-center gap-2 py-1.5">
            <Link href={`/agents/${agent_id}`} className="text-link min-w-0 truncate text-ink">
              <bdi>{name}</bdi>
            </Link>
            {is_live && <Badge tone="warn">Live</Badge>}
          </li>
        ))}
      </ul>
    </>
  );
}
