import { useState } from "react";
import { Field } from "@/ui/Field";
import { TextInput } from "@/ui/TextInput";
import { AgentsField } from "./BindingFields";
import type { Connection, NewConnection, Service } from "./queries";

/** What is to be connected, as it is being said. An account that is connected anew stays what it was. */
export function useWanted(service: Service, connection: Connection | null, wish: string) {
  const [name, setName] = useState(connection?.name ?? wish);
  const [about, setAbout] = useState(connection?.about ?? "");
  const [scopes, setScopes] = useState((connection?.scopes ?? service.scopes).join(" "));
  const [agents, setAgents] = useState<ReadonlySet<string> | null>(
    connection?.agents ? new Set(connection.agents) : null,
  );
  const given = (): Omit<NewConnection, "app"> => ({
    connector: service.connector,
    name: name.trim(),
    about: about.trim(),
    scopes: scopes.split(/[\s,]+/).filter(Boolean),
    agents: agents && [...agents],
  });
  return { name, setName, about, setAbout, scopes, setScopes, agents, setAgents, given };
}

/** Its name, what it is for, what is asked for and who may use it. */
export function ConnectFields({ wanted }: { wanted: ReturnType<typeof useWanted> }) {
  return (
    <>
      <Field label="Name" hint="Documents name it so." required>
        <TextInput
          mono
          required
          maxLength={100}
          value={wanted.name}
          onChange={(event) => wanted.setName(event.target.value)}
        />
      </Field>
      <Field label="What it is for" optional>
        <TextInput maxLength={2000} value={wanted.about} onChange={(event) => wanted.setAbout(event.target.value)} />
      </Field>
      <details className="rounded-md border border-line px-3 [&[open]]:pb-3">
        <summary className="-mx-3 cursor-pointer rounded-md px-3 py-2 text-sm font-medium -outline-offset-2!">
          What it may do, and who may use it
        </summary>
        <div className="flex flex-col gap-4 pt-2">
          <Field label="Scopes" hint="What is asked for, in the provider's own words. Empty: the usual ones.">
            <TextInput mono value={wanted.scopes} onChange={(event) => wanted.setScopes(event.target.value)} />
          </Field>
          <AgentsField agents={wanted.agents} onChange={wanted.setAgents} />
        </div>
      </details>
    </>
  );
}
