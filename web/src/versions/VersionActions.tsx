import { useQuery } from "@tanstack/react-query";
import { ArrowRightLeft, Bird, Ellipsis, FilePen, History, Play, Radio } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useSession } from "@/session";
import { Button, LinkButton } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuEntry } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import type { Which } from "./place";
import { type Agent, takeIntoDraft, textQuery } from "./queries";
import type { GoOn } from "./VersionsScreen";

const RunVersionDialog = lazy(() => import("./RunVersionDialog"));
const MakeLiveDialog = lazy(() => import("./MakeVersionLiveDialog"));
const PromoteDialog = lazy(() => import("./PromoteDialog"));

interface VersionActionsProps {
  agent: Agent;
  which: Which;
  goOn: GoOn;
}

/** What can be done with one version. */
export function VersionActions({ agent, which, goOn }: VersionActionsProps) {
  const mayEdit = useSession().may("agents:write");
  if (which !== "draft") return <OfVersion agent={agent} number={which} goOn={goOn} />;
  return (
    <div className="flex gap-2">
      {mayEdit && (
        <Button size="sm" icon={History} onClick={() => goOn({ tab: "shadow", chosen: which })}>
          Replay past runs
        </Button>
      )}
      <LinkButton size="sm" href={`/agents/${agent.id}`}>
        Go on editing
      </LinkButton>
    </div>
  );
}

type Doing = "run" | "live" | "promote" | null;

function OfVersion({ agent, number, goOn }: { agent: Agent; number: number; goOn: GoOn }) {
  const { may } = useSession();
  const [doing, setDoing] = useState<Doing>(null);
  const items = useItems(agent, number, goOn, () => setDoing("promote"));
  const about = { agent, number, onClose: () => setDoing(null) };
  return (
    <div className="flex gap-2">
      {may("runs:write") && (
        <Button size="sm" icon={Play} onClick={() => setDoing("run")}>
          Run
        </Button>
      )}
      {may("agents:write") && number !== agent.live_version && (
        <Button size="sm" variant="primary" icon={Radio} onClick={() => setDoing("live")}>
          Make live
        </Button>
      )}
      {may("agents:write") && (
        <Menu trigger={<IconButton label={`More about version ${number}`} icon={Ellipsis} />} items={items} />
      )}
      <Suspense>
        {doing === "run" && <RunVersionDialog {...about} />}
        {doing === "live" && <MakeLiveDialog {...about} />}
        {doing === "promote" && <PromoteDialog {...about} />}
      </Suspense>
    </div>
  );
}

function useItems(agent: Agent, number: number, goOn: GoOn, askWhere: () => void): MenuEntry[] {
  const { may, workspaces } = useSession();
  const text = useQuery(textQuery(agent.id, number)).data;
  const items: MenuEntry[] = [
    { label: "Replay past runs", icon: History, onSelect: () => goOn({ tab: "shadow", chosen: number }) },
    {
      label: "Take into the draft",
      icon: FilePen,
      disabled: !text,
      onSelect: () => text && void restore(agent.id, number, text.markdown),
    },
  ];
  if (number !== agent.live_version && agent.live_version !== null) {
    items.unshift({ label: "Try as a canary", icon: Bird, onSelect: () => goOn({ tab: "canary", chosen: number }) });
  }
  if (may("agents:promote") && workspaces.length > 1) {
    items.push({ label: "Take to another workspace", icon: ArrowRightLeft, onSelect: askWhere });
  }
  return items;
}

async function restore(agentId: string, number: number, markdown: string): Promise<void> {
  try {
    const before = await takeIntoDraft(agentId, markdown);
    toast.good(`The draft is version ${number} again.`, {
      label: "Undo",
      run: () => void takeIntoDraft(agentId, before).catch((why: unknown) => toast.problem(why)),
    });
  } catch (why) {
    toast.problem(why);
  }
}
