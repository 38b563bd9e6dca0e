import { useQuery } from "@tanstack/react-query";
import { PencilLine } from "lucide-react";
import type { ReactNode } from "react";
import { asProblem } from "@/client/problem";
import { useParam } from "@/navigation";
import { Page } from "@/shell";
import { LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { type Agent, agentQuery } from "@/versions";

interface AgentPageProps {
  /** Of the page, for the agent; null: it is not known yet. */
  title: (agent: Agent | null) => string;
  wide?: boolean;
  loading: ReactNode;
  children: (agent: Agent) => ReactNode;
}

/** A page about the agent that the address names, with a way to its editor; says so when there is no such agent. */
export function AgentPage({ title, wide, loading, children }: AgentPageProps) {
  const agentId = useParam("agent");
  const { data: agent, error, refetch } = useQuery({ ...agentQuery(agentId ?? ""), enabled: agentId !== null });
  return (
    <Page
      wide={wide}
      title={title(agent ?? null)}
      actions={
        agentId && (
          <LinkButton href={`/agents/${agentId}`} icon={PencilLine} size="sm">
            Open in the editor
          </LinkButton>
        )
      }
    >
      {agent && children(agent)}
      {error && !agent && <NotThere problem={error} onRetry={() => void refetch()} />}
      {!agent && !error && loading}
    </Page>
  );
}

function NotThere({ problem, onRetry }: { problem: unknown; onRetry: () => void }) {
  if (asProblem(problem).status !== 404) return <ErrorNote problem={problem} onRetry={onRetry} />;
  return (
    <EmptyState title="There is no such agent" action={<LinkButton href="/">See all agents</LinkButton>}>
      It may have been deleted, or it belongs to another workspace.
    </EmptyState>
  );
}
