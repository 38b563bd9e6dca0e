import { useQuery } from "@tanstack/react-query";
import { Plus, Search } from "lucide-react";
import { useState } from "react";
import { useSession } from "@/session";
import { Page } from "@/shell";
import { AlarmNotice } from "@/triggers";
import { LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { TextInput } from "@/ui/TextInput";
import { AgentTable, AgentTableWaiting } from "./AgentTable";
import { matching } from "./filter";
import { NoAgents } from "./NoAgents";
import { agentsQuery, MOST_AGENTS } from "./queries";

/** The agents of the workspace: what starts each, how its last runs went, when it runs next and what it has cost. */
export function AgentsScreen() {
  const { data, error, isFetching, refetch } = useQuery(agentsQuery);
  const { may } = useSession();
  const [words, setWords] = useState("");
  const isEmpty = data?.agents.length === 0;
  const newAgent = may("agents:write") && !isEmpty && (
    <LinkButton href="/agents/new" variant="primary" icon={Plus} className="max-sm:hidden">
      New agent
    </LinkButton>
  );
  return (
    <Page title="Agents" wide actions={newAgent}>
      {error && !data && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {data && <AlarmNotice agents={data.agents} />}
      {isEmpty && <NoAgents />}
      {data && !isEmpty && (
        <>
          <Filter words={words} onChange={setWords} isCut={data.isCut} />
          <Found agents={matching(data.agents, words)} words={words} />
        </>
      )}
      {!data && !error && <AgentTableWaiting />}
    </Page>
  );
}

function Filter({ words, onChange, isCut }: { words: string; onChange: (words: string) => void; isCut: boolean }) {
  return (
    <div className="flex flex-wrap items-center gap-3">
      <TextInput
        type="search"
        icon={Search}
        aria-label="Filter agents"
        placeholder="Filter by name, tag or trigger"
        value={words}
        onChange={(event) => onChange(event.target.value)}
        className="w-full sm:w-80"
      />
      {isCut && (
        <p className="text-sm text-ink-soft">
          The newest {MOST_AGENTS.toLocaleString("en")} agents are listed; older ones are found through the API.
        </p>
      )}
    </div>
  );
}

function Found({ agents, words }: { agents: ReturnType<typeof matching>; words: string }) {
  if (agents.length > 0) return <AgentTable agents={agents} />;
  return <EmptyState icon={Search} title={`No agent matches “${words.trim()}”`} />;
}
