import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { TextInput } from "@/ui/TextInput";
import { RedirectAddress } from "./RedirectAddress";
import { type Connection, connectionsQuery, sealSecret, type Secret, secretsQuery, type Service } from "./queries";
import { freeName } from "./words";

const OPERATORS = "\u0000operators";
const NEW = "\u0000new";

/** The app that an account is connected with: the operator's, one that is stored, or a new one. */
export function useApp(service: Service, connection: Connection | null) {
  const { data: secrets = [] } = useQuery(secretsQuery);
  const { data: connections = [] } = useQuery(connectionsQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const [clientId, setClientId] = useState("");
  const [clientSecret, setClientSecret] = useState("");
  const stored = appsFor(service, secrets);
  const isGone = connection !== null && (connection.app ? !has(secrets, connection.app) : !service.has_app);
  const choice = chosen ?? usual(service, isGone ? null : connection, stored, connections);
  return {
    choice,
    choose: setChosen,
    apps: stored,
    /** What an account that is connected anew was connected with is not there any more. */
    isGone,
    clientId,
    setClientId,
    clientSecret,
    setClientSecret,
    /** The name of the app's secret, which is stored now if it is new; null: the operator's. */
    stored: async (): Promise<string | null> => {
      if (choice === OPERATORS) return null;
      if (choice !== NEW) return choice;
      const name = freeName(`${service.title} app`, new Set(secrets.map((one) => one.name)));
      const value = { client_id: clientId.trim(), client_secret: clientSecret };
      const about = `The app that ${service.title} is connected with`;
      await sealSecret(name, { value, about, connector: service.connector, hosts: null, agents: null });
      setClientSecret("");
      setChosen(name);
      return name;
    },
  };
}

/** Which app, and what a new one has to be registered with. */
export function AppFields({ app, service }: { app: ReturnType<typeof useApp>; service: Service }) {
  const options = [
    ...(service.has_app ? [{ value: OPERATORS, label: "The one of this installation" }] : []),
    ...app.apps.map(({ name }) => ({ value: name, label: name })),
    { value: NEW, label: "A new one…" },
  ];
  return (
    <>
      <Field label="App" hint={`What ${service.title} knows Plainwork as.`}>
        <Select options={options} value={app.choice} onChange={app.choose} />
      </Field>
      {app.choice === NEW && (
        <div className="flex flex-col gap-4 rounded-md border border-line p-3">
          <p className="text-sm text-ink-soft text-pretty">
            Register one with {service.title} ({service.about}) for this address:
          </p>
          <RedirectAddress address={service.redirect_uri} />
          <Field label="Client id" required>
            <TextInput mono required value={app.clientId} onChange={(event) => app.setClientId(event.target.value)} />
          </Field>
          <Field label="Client secret" hint="Sealed in the vault and never shown again." required>
            <TextInput
              mono
              required
              type="password"
              autoComplete="new-password"
              value={app.clientSecret}
              onChange={(event) => app.setClientSecret(event.target.value)}
            />
          </Field>
        </div>
      )}
    </>
  );
}

const has = (secrets: readonly Secret[], name: string) => secrets.some((one) => one.name === name);

/** The secrets that may hold an app of a service: those that it may use and that are no connections. */
function appsFor({ connector }: Service, secrets: readonly Secret[]): Secret[] {
  return secrets.filter((one) => !one.is_connection && (one.connector === connector || one.connector === null));
}

/** What is offered: the app it was connected with, the operator's, what others were connected with, one bound to it. */
function usual(
  service: Service,
  before: Connection | null,
  apps: readonly Secret[],
  connections: readonly Connection[],
) {
  if (before?.app) return before.app;
  if (service.has_app) return OPERATORS;
  const others = connections.find((one) => one.connector === service.connector && one.app !== null);
  const offered = others?.app ?? apps.find((one) => one.connector === service.connector)?.name;
  return offered && has(apps, offered) ? offered : NEW;
}
