import { KeyRound, Plug, Plus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { type Change, type Kind, useDocument } from "@/document";
import { AddSecretDialog, useSecretNames, useService } from "@/secrets";
import { useSession } from "@/session";
import { freeName, offeredName } from "@/secrets/words";
import { Field } from "@/ui/Field";
import { Select, type SelectOption } from "@/ui/Select";
import { findingAt, setting, useEditing } from "./editing";

const NONE = "\u0000none";
const ADD = "\u0000add";
const CONNECT = "\u0000connect";

const ConnectDialog = lazy(() =>
  import("@/secrets/ConnectDialog").then(({ ConnectDialog }) => ({ default: ConnectDialog })),
);

/** Which account a step signs its calls with: one of the workspace's secrets, or a new one. */
export function AccountField({ kind, account }: { kind: Kind; account: string | null }) {
  const { document, node, findings, readOnly, apply } = useEditing();
  const declared = useDocument(document, (state) => state.drawn?.spec?.secrets);
  const stored = useSecretNames();
  const { may } = useSession();
  const [refused, setRefused] = useState<string | null>(null);
  const service = useService(kind.id);
  const [adds, setAdds] = useState<"secret" | "connection" | null>(null);
  const sign = async (name: string | null, about = "") => {
    const note: Change[] = name && !(name in (declared ?? {})) ? [setting(null, ["secrets", name], about)] : [];
    setRefused(await apply(...note, setting(node, ["account"], name ?? undefined)));
  };
  const choose = (chosen: string) => {
    if (chosen === ADD) setAdds("secret");
    else if (chosen === CONNECT) setAdds("connection");
    else void sign(chosen === NONE ? null : chosen);
  };
  const ways = may("secrets:write") ? waysIn(stored, account, service?.title) : [];
  return (
    <>
      <Field
        label="Account"
        hint={kind.account_required ? "The step cannot do without one." : "Not needed by every server."}
        error={refused ?? findingAt(findings, ["account"])}
        required={kind.account_required}
      >
        <Select
          options={[...options(Object.keys(declared ?? {}), stored, account, kind), ...ways]}
          value={account ?? NONE}
          disabled={readOnly}
          onChange={choose}
        />
      </Field>
      {adds && (
        <AddAccount
          kind={kind}
          service={adds === "connection" ? service : undefined}
          wish={wishOf(kind, account, stored)}
          onClose={() => setAdds(null)}
          onAdded={(name, about) => {
            setAdds(null);
            void sign(name, about);
          }}
        />
      )}
    </>
  );
}

interface AddAccountProps {
  kind: Kind;
  /** What it is connected with; undefined: its value is typed. */
  service: ReturnType<typeof useService>;
  wish: string;
  onClose: () => void;
  onAdded: (name: string, about: string) => void;
}

/** An account that is not there yet: connected with its provider, or stored. */
function AddAccount({ kind, service, wish, onClose, onAdded }: AddAccountProps) {
  if (!service) return <AddSecretDialog kind={kind.account ?? ""} wish={wish} onClose={onClose} onAdded={onAdded} />;
  return (
    <Suspense>
      <ConnectDialog
        service={service}
        connection={null}
        wish={wish}
        onClose={onClose}
        onConnected={({ name, about }) => onAdded(name, about)}
      />
    </Suspense>
  );
}

function options(declared: string[], stored: ReadonlySet<string> | null, account: string | null, kind: Kind) {
  const names = new Set([...declared, ...(stored ?? []), ...(account ? [account] : [])]);
  const shown: SelectOption<string>[] = Array.from(names, (name) => ({
    value: name,
    label: name,
    icon: KeyRound,
    hint: stored && !stored.has(name) ? "No secret is stored under this name yet" : undefined,
  }));
  const none = { value: NONE, label: kind.account_required ? "None yet" : "None" };
  return [none, ...shown];
}

/** How an account that is not there comes about: stored, or connected where the step's service can be (`title`). */
function waysIn(
  stored: ReadonlySet<string> | null,
  account: string | null,
  title: string | undefined,
): SelectOption<string>[] {
  const isMissing = account !== null && stored !== null && !stored.has(account);
  const add = { value: ADD, label: isMissing ? `Store ${account}…` : "Add an account…", icon: Plus };
  return title ? [{ value: CONNECT, label: `Connect ${title}…`, icon: Plug }, add] : [add];
}

/** The name a new account is offered under: the one that the step asks for already, or one of its kind's that is free. */
function wishOf(kind: Kind, account: string | null, stored: ReadonlySet<string> | null): string {
  if (account !== null && !stored?.has(account)) return account;
  return freeName(offeredName(kind.account ?? kind.id), stored ?? new Set());
}
