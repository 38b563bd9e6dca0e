import { ExternalLink, FlaskConical, Pause, Play } from "lucide-react";
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { useSession } from "@/session";
import { Button } from "@/ui/Button";
import { capital } from "@/ui/capital";
import { CopyButton } from "@/ui/CopyButton";
import { toast } from "@/ui/toast";
import { Card, Part } from "./Card";
import { Deliveries } from "./Deliveries";
import { PollPart } from "./PollPart";
import { pauseTrigger, type Trigger } from "./queries";
import { TestDialog } from "./TestDialog";

/** A webhook, form, chat, mailbox, poll, or the failures of another agent. */
export function TriggerCard({ agentId, trigger }: { agentId: string; trigger: Trigger }) {
  const { may } = useSession();
  const [isTesting, setTesting] = useState(false);
  const { id, kind, about, url, is_on, paused_at, poll } = trigger;
  return (
    <Card
      kind={kind}
      title={capital(about)}
      isOn={is_on}
      isPaused={paused_at !== null}
      actions={
        <>
          {may("runs:write") && kind !== "poll" && kind !== "email" && (
            <Button size="sm" icon={FlaskConical} onClick={() => setTesting(true)}>
              Try it
            </Button>
          )}
          {may("agents:write") && (
            <PauseButton
              isPaused={paused_at !== null}
              about={about}
              onPause={(paused) => pauseTrigger(agentId, id, paused)}
            />
          )}
        </>
      }
    >
      {url && <Url url={url} isPage={kind === "form" || kind === "chat"} />}
      {poll && <PollPart agentId={agentId} triggerId={id} poll={poll} />}
      {kind !== "poll" && <Deliveries agentId={agentId} trigger={trigger} />}
      <TestDialog open={isTesting} onClose={() => setTesting(false)} agentId={agentId} trigger={trigger} />
    </Card>
  );
}

interface PauseButtonProps {
  isPaused: boolean;
  about: string;
  onPause: (paused: boolean) => Promise<void>;
}

/** Pauses one trigger by itself, or has it go on. */
export function PauseButton({ isPaused, about, onPause }: PauseButtonProps) {
  const change = useMutation({ mutationFn: () => onPause(!isPaused), onError: (why) => toast.problem(why) });
  return (
    <Button
      size="sm"
      icon={isPaused ? Play : Pause}
      busy={change.isPending}
      aria-label={`${isPaused ? "Resume" : "Pause"}: ${about}`}
      onClick={() => change.mutate()}
    >
      {isPaused ? "Resume" : "Pause"}
    </Button>
  );
}

/** Where to send to; forms and chats are pages, too. */
function Url({ url, isPage }: { url: string; isPage: boolean }) {
  return (
    <Part title="Address">
      <div className="flex items-start gap-1 rounded-md bg-sunken py-1 pl-3 pr-1">
        <code className="min-w-0 grow self-center font-mono text-sm wrap-anywhere max-sm:text-xs">{url}</code>
        {isPage && (
          <a
            href={url}
            target="_blank"
            rel="noreferrer"
            aria-label="Open the page in another tab"
            className="square-sm control-sm flex shrink-0 items-center justify-center rounded-md text-ink-soft hover:bg-hover hover:text-ink"
          >
            <ExternalLink aria-hidden className="size-4" />
          </a>
        )}
        <CopyButton text={url} label="Copy the address" />
      </div>
    </Part>
  );
}
