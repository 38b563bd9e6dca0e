import { useQuery } from "@tanstack/react-query";
import { FileQuestion } from "lucide-react";
import { asProblem } from "@/client/problem";
import { type OpenDocument, useAgentDocument, useDocument, useKinds } from "@/document";
import { PageTitle, useParam } from "@/navigation";
import { LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { type Agent, agentQuery } from "@/versions";
import { Editor } from "./Editor";

/** The screen of one agent: its text and its canvas. What it needs is asked for at once, so that nothing waits in line. */
export function EditorScreen() {
  const agentId = useParam("agent");
  const agent = useQuery({ ...agentQuery(agentId ?? ""), enabled: agentId !== null });
  const document = useAgentDocument(agentId);
  useKinds();
  if (agent.error) return <NotThere problem={agent.error} onRetry={() => void agent.refetch()} />;
  if (!agent.data || !document) return <EditorSkeleton />;
  return <Loaded key={agent.data.id} agent={agent.data} document={document} />;
}

function Loaded({ agent, document }: { agent: Agent; document: OpenDocument }) {
  const isLoaded = useDocument(document, (state) => state.is_loaded);
  const problem = useDocument(document, (state) => state.problem);
  if (isLoaded) return <Editor agent={agent} document={document} />;
  return problem ? <NotThere problem={problem} onRetry={() => void document.reload()} /> : <EditorSkeleton />;
}

function NotThere({ problem, onRetry }: { problem: unknown; onRetry: () => void }) {
  const is_gone = asProblem(problem).status === 404 || (problem as { status?: number }).status === 404;
  return (
    <main className="h-full overflow-y-auto p-4">
      <PageTitle>Agent</PageTitle>
      {is_gone ? (
        <EmptyState
          icon={FileQuestion}
          title="There is no such agent"
          action={<LinkButton href="/">See all agents</LinkButton>}
        >
          It may have been deleted, or it belongs to another workspace.
        </EmptyState>
      ) : (
        <ErrorNote problem={problem} onRetry={onRetry} />
      )}
    </main>
  );
}

function EditorSkeleton() {
  return (
    <main className="flex h-full flex-col" aria-busy="true">
      <PageTitle>Agent</PageTitle>
      <p className="sr-only">Loading the agent</p>
      <div className="flex h-(--bar-height) items-center gap-3 border-b border-line bg-paper px-4">
        <Skeleton className="h-5 w-56" />
        <span className="grow" />
        <Skeleton className="h-8 w-40 max-sm:hidden" />
      </div>
      <div className="flex min-h-0 grow">
        <div className="flex w-[45%] flex-col gap-3 border-r border-line bg-paper p-6 max-sm:w-full">
          {["w-1/2", "w-full", "w-4/5", "w-2/3", "w-full", "w-3/5"].map((width, i) => (
            <Skeleton key={i} className={`h-4 ${width}`} />
          ))}
        </div>
        <div className="grow max-sm:hidden" />
      </div>
    </main>
  );
}
