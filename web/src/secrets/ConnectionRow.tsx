import { useQuery } from "@tanstack/react-query";
import { EllipsisVertical, Plug, RefreshCw, ShieldCheck, Trash2 } from "lucide-react";
import { Badge } from "@/ui/Badge";
import { RowOf } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { Time } from "@/ui/Time";
import { agentNamesQuery, type Connection } from "./queries";
import { bindingWords, connectorWord, statusWord } from "./words";

interface ConnectionRowProps {
  connection: Connection;
  /** Null: somebody who may not change it. */
  onAsk: ((what: "anew" | "use" | "remove") => void) | null;
}

/** One connected account: whose it is, and how it stands. */
export function ConnectionRow({ connection, onAsk }: ConnectionRowProps) {
  const { name, connector, about, whose, status } = connection;
  const { word, tone } = statusWord(connection);
  return (
    <RowOf
      icon={<Plug aria-hidden className="size-4 shrink-0 text-ink-faint" />}
      title={
        <>
          <bdi className="font-mono text-sm wrap-anywhere">{name}</bdi>
          <Badge tone={tone}>{word}</Badge>
        </>
      }
      facts={
        <>
          {[connectorWord(connector), whose, about].filter(Boolean).join(" · ")}
          {onAsk && <Facts connection={connection} />}
        </>
      }
      actions={
        onAsk && (
          <>
            {status === "expired" && (
              <Button size="sm" aria-label={`Connect ${name} anew`} onClick={() => onAsk("anew")}>
                Connect anew
              </Button>
            )}
            <Menu
              align="end"
              trigger={<IconButton label={`More about ${name}`} icon={EllipsisVertical} />}
              items={[
                { label: "Connect anew…", icon: RefreshCw, onSelect: () => onAsk("anew") },
                { label: "Who may use it…", icon: ShieldCheck, onSelect: () => onAsk("use") },
                "line",
                { label: "Remove…", icon: Trash2, danger: true, onSelect: () => onAsk("remove") },
              ]}
            />
          </>
        )
      }
    />
  );
}

function Facts({ connection }: { connection: Connection }) {
  const { scopes, agents, hosts, connected_at, expired_at, expires_at, trouble } = connection;
  const { data: names } = useQuery({ ...agentNamesQuery, enabled: agents !== null });
  const bound = bindingWords({ connector: null, hosts, agents }, names);
  const may = [...(scopes.length ? [`may ${scopes.join(" ")}`] : []), ...bound].join(" · ");
  return (
    <>
      {may && (
        <>
          <br />
          {may.charAt(0).toUpperCase() + may.slice(1)}
        </>
      )}
      <br />
      <span className="text-ink-faint">
        Connected <Time at={connected_at} />
        {expired_at === null && expires_at && (
          <>
            , its token is renewed before it expires <Time at={expires_at} />
          </>
        )}
        {expired_at && (
          <>
            , expired <Time at={expired_at} />
            {trouble && `: ${trouble}`}
          </>
        )}
      </span>
    </>
  );
}
