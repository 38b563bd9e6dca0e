import type { Schemas } from "@/client";
import { Badge } from "@/ui/Badge";
import { Banner } from "@/ui/Banner";
import { RowOf, Rows } from "@/ui/Block";
import type { Tone } from "@/ui/status";
import type { Plan } from "./files";

const ACTIONS: Record<Schemas["ImportedAgent"]["action"], { word: string; tone: Tone }> = {
  new: { word: "New", tone: "good" },
  changed: { word: "Changed", tone: "warn" },
  same: { word: "Same", tone: "idle" },
};

/** What an import would do to each agent and variable, and what is missing for it. */
export function ImportPlan({ plan, leftOut }: { plan: Plan; leftOut: number }) {
  const { agents, variables, missing_secrets, left_alone } = plan;
  return (
    <>
      {missing_secrets.length > 0 && (
        <Banner tone="warn" title="These secrets are missing here.">
          {missing_secrets.join(", ")}. What needs them does not go live until they are added.
        </Banner>
      )}
      {agents.length > 0 && (
        <Rows label="Agents">
          {agents.map((agent) => (
            <AgentRow key={agent.slug} agent={agent} />
          ))}
        </Rows>
      )}
      {variables.length > 0 && (
        <Rows label="Variables">
          {variables.map(({ name, action }) => (
            <RowOf
              key={name}
              title={
                <>
                  <code className="text-sm">{name}</code> <Mark action={action} />
                </>
              }
            />
          ))}
        </Rows>
      )}
      {agents.length + variables.length === 0 && <p className="text-sm text-ink-soft">The files change nothing.</p>}
      {left_alone.length > 0 && <p className="text-sm text-ink-soft">Left as they are: {left_alone.join(", ")}.</p>}
      {leftOut > 0 && (
        <p className="text-sm text-ink-soft">
          {leftOut === 1 ? "One file is" : `${leftOut} files are`} left out, because no workspace has such.
        </p>
      )}
    </>
  );
}

function AgentRow({ agent: { slug, action, changes, goes_live, unmet } }: { agent: Schemas["ImportedAgent"] }) {
  return (
    <RowOf
      title={
        <>
          {slug} <Mark action={action} />
          {goes_live && <Badge tone="live">Goes live</Badge>}
        </>
      }
      facts={
        changes.length + unmet.length > 0 && (
          <ul className="list-disc pl-4">
            {changes.map((sentence, i) => (
              <li key={`change ${i}`}>{sentence}</li>
            ))}
            {unmet.map(({ message, next_step }, i) => (
              <li key={`unmet ${i}`}>
                Does not go live: {message} {next_step}
              </li>
            ))}
          </ul>
        )
      }
    />
  );
}

function Mark({ action }: { action: Schemas["ImportedAgent"]["action"] }) {
  return <Badge tone={ACTIONS[action].tone}>{ACTIONS[action].word}</Badge>;
}
