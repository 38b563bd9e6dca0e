import { useQuery } from "@tanstack/react-query";
import { EllipsisVertical, Gauge, KeyRound, RefreshCw, ShieldCheck, Trash2 } from "lucide-react";
import { RowOf } from "@/ui/Block";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { Time } from "@/ui/Time";
import { agentNamesQuery, type Secret } from "./queries";
import { bindingWords, limitWords } from "./words";

/** What can be asked about a secret that is there. */
export type Asked = "replace" | "use" | "limits" | "delete";

/** One secret. `onAsk` null: somebody who may not change it, who is told its name and what it is for. */
export function SecretRow({ secret, onAsk }: { secret: Secret; onAsk: ((what: Asked) => void) | null }) {
  return (
    <RowOf
      icon={<KeyRound aria-hidden className="size-4 shrink-0 text-ink-faint" />}
      title={<bdi className="font-mono text-sm wrap-anywhere">{secret.name}</bdi>}
      facts={
        <>
          {secret.about}
          {onAsk && <Facts secret={secret} />}
        </>
      }
      actions={
        onAsk && (
          <Menu
            align="end"
            trigger={<IconButton label={`More about ${secret.name}`} icon={EllipsisVertical} />}
            items={[
              { label: "Replace the value…", icon: RefreshCw, onSelect: () => onAsk("replace") },
              { label: "Who may use it…", icon: ShieldCheck, onSelect: () => onAsk("use") },
              { label: "Limits…", icon: Gauge, onSelect: () => onAsk("limits") },
              "line",
              { label: "Delete…", icon: Trash2, danger: true, onSelect: () => onAsk("delete") },
            ]}
          />
        )
      }
    />
  );
}

function Facts({ secret }: { secret: Secret }) {
  const { data: names } = useQuery({ ...agentNamesQuery, enabled: secret.agents !== null });
  const limits = limitWords(secret);
  return (
    <>
      {secret.about && <br />}
      {capital([...bindingWords(secret, names), ...(limits ? [limits] : [])].join(" · ")) ||
        "For any step of any agent"}
      <br />
      <span className="text-ink-faint">
        Changed <Time at={secret.updated_at} />
        {secret.last_used_at ? (
          <>
            , last used <Time at={secret.last_used_at} />
          </>
        ) : (
          ", not used yet"
        )}
      </span>
    </>
  );
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
