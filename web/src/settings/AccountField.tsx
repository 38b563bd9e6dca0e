import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { type Change, type Kind, useDocument } from "@/document";
import { AddSecretDialog, useSecretNames } from "@/secrets";
import { useSession } from "@/session";
import { Field } from "@/ui/Field";
import { Select, type SelectOption } from "@/ui/Select";
import { findingAt, setting, useEditing } from "./editing";

const NONE = "\u0000none";
const ADD = "\u0000add";

/** Which account a step signs its calls with: one of the workspace's secrets, or a new one. */
export function AccountField({ kind, account }: { kind: Kind; account: string | null }) {
  const { document, node, findings, readOnly, apply } = useEditing();
  const declared = useDocument(document, (state) => state.drawn?.spec?.secrets);
  const stored = useSecretNames();
  const { may } = useSession();
  const [refused, setRefused] = useState<string | null>(null);
  const [isAdding, setAdding] = useState(false);
  const sign = async (name: string | null, about = "") => {
    const note: Change[] = name && !(name in (declared ?? {})) ? [setting(null, ["secrets", name], about)] : [];
    setRefused(await apply(...note, setting(node, ["account"], name ?? undefined)));
  };
  const choose = (chosen: string) => {
    if (chosen === ADD) setAdding(true);
    else void sign(chosen === NONE ? null : chosen);
  };
  return (
    <>
      <Field
        label="Account"
        hint={kind.account_required ? "The step cannot do without one." : "Not needed by every server."}
        error={refused ?? findingAt(findings, ["account"])}
        required={kind.account_required}
      >
        <Select
          options={options(Object.keys(declared ?? {}), stored, account, kind, may("secrets:write"))}
          value={account ?? NONE}
          disabled={readOnly}
          onChange={choose}
        />
      </Field>
      {isAdding && (
        <AddSecretDialog
          kind={kind.account ?? ""}
          wish={account ?? suggestedName(kind)}
          onClose={() => setAdding(false)}
          onAdded={(name, about) => {
            setAdding(false);
            void sign(name, about);
          }}
        />
      )}
    </>
  );
}

function options(
  declared: string[],
  stored: ReadonlySet<string> | null,
  account: string | null,
  kind: Kind,
  may_add: boolean,
) {
  const names = new Set([...declared, ...(stored ?? []), ...(account ? [account] : [])]);
  const shown: SelectOption<string>[] = Array.from(names, (name) => ({
    value: name,
    label: name,
    icon: KeyRound,
    hint: stored && !stored.has(name) ? "No secret is stored under this name yet" : undefined,
  }));
  const none = { value: NONE, label: kind.account_required ? "None yet" : "None" };
  const missing = account !== null && stored !== null && !stored.has(account);
  const add = { value: ADD, label: missing ? `Store ${account}…` : "Add an account…", icon: Plus };
  return may_add ? [none, ...shown, add] : [none, ...shown];
}

/** `slack.post` → `SLACK`. */
function suggestedName(kind: Kind): string {
  return (kind.account ?? kind.id).toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}
