import { useState } from "react";
import { useSession } from "@/session";
import { Banner } from "@/ui/Banner";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { type Canary, changeShare } from "./canaries";
import { CanaryFigures } from "./CanaryFigures";
import { ruleWords, verdict } from "./canary_words";
import { PromoteCanary, StopCanary } from "./EndCanary";
import { actorName, useNames } from "./people";
import { isShare, ShareField } from "./ShareField";

/** The canary that is under way: how the candidate fares beside the live version, and what can be done about it. */
export function CanaryUnderWay({ canary }: { canary: Canary }) {
  const mayEdit = useSession().may("agents:write");
  const names = useNames();
  const { tone, title } = verdict(canary);
  const [asks, setAsks] = useState<"promote" | "stop" | null>(null);
  const lead = (
    <>
      It takes {canary.share} of a hundred new runs. Begun by {actorName(canary.by, names)},{" "}
      <Time at={canary.started_at} />.
    </>
  );
  return (
    <Block
      title={`Version ${canary.version} as a canary`}
      lead={lead}
      actions={
        mayEdit && (
          <>
            <Button onClick={() => setAsks("stop")}>Stop it</Button>
            <Button variant="primary" onClick={() => setAsks("promote")}>
              Make it live
            </Button>
          </>
        )
      }
    >
      <Banner tone={tone} title={title}>
        {ruleWords(canary)}
      </Banner>
      <CanaryFigures canary={canary} />
      {mayEdit && <ChangeShare key={canary.share} canary={canary} />}
      <PromoteCanary canary={canary} open={asks === "promote"} onClose={() => setAsks(null)} />
      <StopCanary canary={canary} open={asks === "stop"} onClose={() => setAsks(null)} />
    </Block>
  );
}

function ChangeShare({ canary: { agent_id, share } }: { canary: Canary }) {
  const [wanted, setWanted] = useState<number | null>(share);
  const [busy, setBusy] = useState(false);
  const change = async () => {
    if (!isShare(wanted)) return;
    setBusy(true);
    try {
      await changeShare(agent_id, wanted);
      toast.good(`The candidate takes ${wanted} of a hundred new runs.`);
    } catch (why) {
      toast.problem(why);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex max-w-140 flex-col gap-3">
      <ShareField value={wanted} onChange={setWanted} />
      <Button
        busy={busy}
        disabled={!isShare(wanted) || wanted === share}
        className="self-start"
        onClick={() => void change()}
      >
        Change the share
      </Button>
    </div>
  );
}
