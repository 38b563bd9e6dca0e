import { useQuery } from "@tanstack/react-query";
import { Check, type LucideIcon, PencilLine, Plug, RotateCw, SkipForward, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Run } from "@/runs/types";
import { anewHref } from "@/secrets/words";
import { useSession } from "@/session";
import { Button, type ButtonVariant, LinkButton } from "@/ui/Button";
import { Skeleton } from "@/ui/Skeleton";
import { DecisionDialog } from "./DecisionDialog";
import { inboxItemQuery } from "./queries";
import type { Action, Decided } from "./types";
import { ACTION_WORDS } from "./words";

const ICONS: Record<Action, LucideIcon> = {
  retry: RotateCw,
  repeat: RotateCw,
  skip: SkipForward,
  answer: PencilLine,
  discard: Trash2,
};
const LOOKS: Partial<Record<Action, ButtonVariant>> = { retry: "primary", discard: "ghost" };

/** What a person can decide about a run that needs one. `steps`: those it can be retried from; `onDecided`: it was decided. */
export function RunDecision({
  run,
  steps,
  onDecided,
}: {
  run: Run;
  steps: readonly { value: string; label: string }[];
  onDecided: (decided: Decided) => void;
}) {
  const { may } = useSession();
  const isWanted = needsPerson(run) && may("runs:write");
  const { data } = useQuery({ ...inboxItemQuery(run.id, run.ask ?? run.finished_at), enabled: isWanted });
  const [action, setAction] = useState<Action | null>(null);
  if (!isWanted) return null;
  if (!data) return <Skeleton className="h-8 w-72 max-w-full" />;
  return (
    <div role="group" aria-label="What becomes of this run" className="flex flex-wrap items-center gap-2">
      {data.connection !== null && may("secrets:read") && (
        <LinkButton size="sm" variant="primary" icon={Plug} href={anewHref(data.connection)}>
          Connect {data.connection} anew
        </LinkButton>
      )}
      {data.actions.map((one) => (
        <Button key={one} size="sm" variant={LOOKS[one]} icon={ICONS[one] ?? Check} onClick={() => setAction(one)}>
          {ACTION_WORDS[one]}…
        </Button>
      ))}
      <DecisionDialog
        key={action}
        action={action}
        item={data}
        steps={steps}
        onClose={() => setAction(null)}
        onDecided={onDecided}
      />
    </div>
  );
}

/** Whether a run stands in the inbox. */
export function needsPerson({ ask, cause, resolved_at }: Run): boolean {
  return ask !== null || (cause !== null && resolved_at === null);
}
