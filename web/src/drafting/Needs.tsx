import { KeyRound } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useSecretNames } from "@/secrets/useSecretNames";
import { useSession } from "@/session";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { accountsOf, type Need, type NeededAccount } from "./needed";
import { Section, StepLink } from "./Section";

const AddSecretDialog = lazy(() => import("@/secrets").then(({ AddSecretDialog }) => ({ default: AddSecretDialog })));

interface NeedsProps {
  needs: readonly Need[];
  onStep: (step: string) => void;
}

/** What the steps need from outside: accounts, which can be stored here, and what they reach and send. */
export function Needs({ needs, onStep }: NeedsProps) {
  const accounts = accountsOf(needs);
  const reaching = needs.filter(({ hosts, sends }) => hosts?.length || sends?.length);
  if (!accounts.length && !reaching.length) return null;
  return (
    <Section title="What it needs">
      {accounts.length > 0 && <Accounts accounts={accounts} />}
      <ul className="flex flex-col gap-2">
        {reaching.map((need) => (
          <li key={need.step} className="text-sm">
            <StepLink step={need.step} onStep={onStep}>
              {need.title}
            </StepLink>
            <p className="text-xs text-ink-faint text-pretty">{outside(need)}</p>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function outside({ hosts, sends }: Need): string {
  const reaches = hosts?.length ? `Reaches ${hosts.join(", ")}.` : "";
  const gives = sends?.length ? `Sends ${sends.join(", ")}.` : "";
  return `${reaches} ${gives}`.trim();
}

function Accounts({ accounts }: { accounts: readonly NeededAccount[] }) {
  const { may } = useSession();
  const stored = useSecretNames();
  const [adding, setAdding] = useState<NeededAccount | null>(null);
  return (
    <>
      <ul className="flex flex-col gap-1.5">
        {accounts.map((account) => (
          <li key={account.name} className="flex min-h-9 items-center gap-2.5 text-sm">
            <KeyRound aria-hidden className="size-4 shrink-0 text-ink-faint" />
            <span className="min-w-0 grow truncate font-mono text-xs">{account.name}</span>
            {stored?.has(account.name) ? (
              <Badge tone="good">Stored</Badge>
            ) : may("secrets:write") ? (
              <Button size="sm" onClick={() => setAdding(account)}>
                Add now
              </Button>
            ) : (
              <Badge tone="warn">Missing</Badge>
            )}
          </li>
        ))}
      </ul>
      <p className="text-xs text-ink-faint">An account can be added later too; until then its steps fail.</p>
      {adding && (
        <Suspense>
          <AddSecretDialog
            kind={adding.kind}
            wish={adding.name}
            onClose={() => setAdding(null)}
            onAdded={() => setAdding(null)}
          />
        </Suspense>
      )}
    </>
  );
}
