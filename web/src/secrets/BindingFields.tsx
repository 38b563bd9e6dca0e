import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useState } from "react";
import { Checkbox } from "@/ui/Checkbox";
import { Field } from "@/ui/Field";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { Select } from "@/ui/Select";
import { TextInput } from "@/ui/TextInput";
import { accountKindsQuery, agentNamesQuery } from "./queries";
import { connectorWord, OTHER_USERS, readHosts } from "./words";

/** Who may use a secret and where it may go, as it is being said. */
export interface Binding {
  connector: string | null;
  /** As typed. */
  hosts: string;
  /** Null: all agents. */
  agents: ReadonlySet<string> | null;
}

interface Bound {
  connector: string | null;
  hosts: readonly string[] | null;
  agents: readonly string[] | null;
}

export const UNBOUND: Binding = { connector: null, hosts: "", agents: null };

export function bindingOf({ connector, hosts, agents }: Bound): Binding {
  return { connector, hosts: hosts?.join(", ") ?? "", agents: agents && new Set(agents) };
}

/** As the server takes it. */
export function boundBy({ connector, hosts, agents }: Binding) {
  return { connector, hosts: readHosts(hosts), agents: agents && [...agents] };
}

interface BindingFieldsProps {
  binding: Binding;
  onChange: (binding: Binding) => void;
}

/** Which steps may use a secret, where they may send it, and whose they are. */
export function BindingFields({ binding, onChange }: BindingFieldsProps) {
  const { data } = useQuery(accountKindsQuery);
  const connectors = new Set([...(data ?? []).flatMap((kind) => kind.connectors), ...OTHER_USERS]);
  if (binding.connector !== null) connectors.add(binding.connector);
  return (
    <>
      <Field label="Used for" hint="Steps of other sorts are refused it.">
        <Select
          options={[
            { value: "", label: "Anything" },
            ...[...connectors].sort().map((id) => ({ value: id, label: connectorWord(id) })),
          ]}
          value={binding.connector ?? ""}
          onChange={(connector) => onChange({ ...binding, connector: connector || null })}
        />
      </Field>
      <Field label="Sent to" hint="The only hosts it may go to, such as api.example.org or *.example.org. Empty: any.">
        <TextInput
          mono
          maxLength={3_000}
          placeholder="any host"
          value={binding.hosts}
          onChange={(event) => onChange({ ...binding, hosts: event.target.value })}
        />
      </Field>
      <AgentsField agents={binding.agents} onChange={(agents) => onChange({ ...binding, agents })} />
    </>
  );
}

const MANY = 8;
const MOST_SHOWN = 100;

/** All agents, or some of them. */
export function AgentsField({
  agents,
  onChange,
}: {
  agents: ReadonlySet<string> | null;
  onChange: (agents: ReadonlySet<string> | null) => void;
}) {
  const { data } = useQuery(agentNamesQuery);
  const [wanted, setWanted] = useState("");
  const all = [...(data ?? [])];
  const found = all.filter(([, name]) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  const toggle = (id: string, isOn: boolean) => {
    const next = new Set(agents);
    if (isOn) next.add(id);
    else next.delete(id);
    onChange(next);
  };
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1.5 text-sm font-medium">Used by</legend>
      <SegmentedControl
        label="Used by"
        segments={[
          { value: "all", label: "All agents" },
          { value: "some", label: "Only these" },
        ]}
        value={agents === null ? "all" : "some"}
        onChange={(which) => onChange(which === "all" ? null : new Set())}
      />
      {agents !== null && all.length > MANY && (
        <TextInput
          icon={Search}
          size="sm"
          aria-label="Find an agent"
          placeholder="Find an agent"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      {agents !== null && (
        <ul aria-label="Agents" className="max-h-48 overflow-y-auto rounded-md border border-line px-3 py-1">
          {found.slice(0, MOST_SHOWN).map(([id, name]) => (
            <li key={id}>
              <Checkbox label={name} checked={agents.has(id)} onChange={(isOn) => toggle(id, isOn)} />
            </li>
          ))}
          {found.length === 0 && <li className="py-1.5 text-sm text-ink-soft">No agent is called so.</li>}
          {found.length > MOST_SHOWN && <li className="py-1.5 text-sm text-ink-soft">Type to find others.</li>}
        </ul>
      )}
    </fieldset>
  );
}
