import {
  AlarmClock,
  ChartColumn,
  Ellipsis,
  History,
  Layers,
  Pause,
  PencilLine,
  Play,
  PlayCircle,
  Trash2,
} from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useGo } from "@/navigation";
import type { Inputs } from "@/run_form";
import { useSession } from "@/session";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuEntry } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import { type AgentSummary, deleteAgent, inputsOf, pauseAgent, runAgent } from "./queries";

const RunDialog = lazy(() => import("./RunDialog"));

/** What can be done with an agent from the list. */
export function AgentMenu({ agent }: { agent: AgentSummary }) {
  const [isDeleting, setDeleting] = useState(false);
  const [asked, setAsked] = useState<Inputs | null>(null);
  const items = useItems(agent, () => setDeleting(true), setAsked);
  return (
    <>
      <Menu trigger={<IconButton label={`More about ${agent.name}`} icon={Ellipsis} />} items={items} />
      {asked && (
        <Suspense>
          <RunDialog agent={agent} inputs={asked} onClose={() => setAsked(null)} />
        </Suspense>
      )}
      <ConfirmDialog
        open={isDeleting}
        onClose={() => setDeleting(false)}
        title={`Delete “${agent.name}”?`}
        confirm="Delete agent"
        danger
        onConfirm={async () => {
          await deleteAgent(agent.id);
          toast.good(`${agent.name} is deleted.`);
        }}
      >
        <p>Nothing starts it any more and it leaves this list. Its versions and runs stay on record.</p>
      </ConfirmDialog>
    </>
  );
}

function useItems(
  { id, name, live_version, paused_at }: AgentSummary,
  askToDelete: () => void,
  askForInputs: (inputs: Inputs) => void,
): MenuEntry[] {
  const { may } = useSession();
  const go = useGo();
  const run = async (version: number) => {
    try {
      const [inputs, { canStartAtOnce }] = await Promise.all([inputsOf(id, version), import("@/run_form")]);
      if (!canStartAtOnce(inputs)) return askForInputs(inputs);
      const runId = await runAgent(id);
      toast.good(`${name} has started.`, { label: "Watch", run: () => go(`/runs/${runId}`) });
    } catch (why) {
      toast.problem(why, { label: "Open", run: () => go(`/agents/${id}`) });
    }
  };
  const pause = async (paused: boolean) => {
    try {
      await pauseAgent(id, paused);
      toast.good(paused ? `${name} is paused: nothing starts it by itself.` : `${name} goes on.`);
    } catch (why) {
      toast.problem(why);
    }
  };
  const items: MenuEntry[] = [{ label: "Open", icon: PencilLine, href: `/agents/${id}` }];
  if (may("runs:write")) {
    const isLive = live_version !== null;
    const hint = isLive ? undefined : "Make a version live first";
    const onSelect = () => void (isLive && run(live_version));
    items.push({ label: "Run now", icon: Play, hint, disabled: !isLive, onSelect });
  }
  items.push({ label: "What starts it", icon: AlarmClock, href: `/agents/${id}/triggers` });
  items.push({ label: "Its versions", icon: Layers, href: `/agents/${id}/versions` });
  items.push({ label: "Its runs", icon: History, href: `/runs?agent=${id}` });
  items.push({ label: "Its figures", icon: ChartColumn, href: `/figures?agent=${id}` });
  if (!may("agents:write")) return items;
  const pausing: MenuEntry = paused_at
    ? { label: "Resume", icon: PlayCircle, onSelect: () => void pause(false) }
    : { label: "Pause", icon: Pause, onSelect: () => void pause(true) };
  return [...items, pausing, "line", { label: "Delete…", icon: Trash2, danger: true, onSelect: askToDelete }];
}
