import { CircleAlert, CircleX } from "lucide-react";
import { Link } from "@/navigation";
import { failureOf } from "@/runs/types";
import { Badge } from "@/ui/Badge";
import { Checkbox } from "@/ui/Checkbox";
import { KindIcon } from "@/ui/KindIcon";
import { Time } from "@/ui/Time";
import type { InboxItem } from "./types";
import { causeWord } from "./words";

type Chosen = ReadonlySet<string>;

/** The runs, each a link to its own page. `onChoose` null: this person may not decide. */
export function StoppedList({
  items,
  chosen,
  onChoose,
}: {
  items: readonly InboxItem[];
  chosen: Chosen;
  onChoose: ((chosen: Chosen) => void) | null;
}) {
  const count = items.filter(({ id }) => chosen.has(id)).length;
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-paper">
      {onChoose && (
        <div className="flex items-center border-b border-line px-4 py-1 text-ink-soft">
          <Checkbox
            label={count > 0 ? `${count.toLocaleString("en")} chosen` : "Choose all that are shown"}
            checked={count === items.length}
            mixed={count > 0 && count < items.length}
            onChange={(isOn) => onChoose(new Set(isOn ? items.map(({ id }) => id) : []))}
          />
        </div>
      )}
      <ul className="divide-y divide-line" aria-label="Runs that need a person">
        {items.map((item) => (
          <Row
            key={item.id}
            item={item}
            isChosen={chosen.has(item.id)}
            onToggle={onChoose && ((isOn) => onChoose(toggled(chosen, item.id, isOn)))}
          />
        ))}
      </ul>
    </div>
  );
}

interface RowProps {
  item: InboxItem;
  isChosen: boolean;
  onToggle: ((isOn: boolean) => void) | null;
}

function Row({ item, isChosen, onToggle }: RowProps) {
  const { id, agent, version, step, cause, status, finished_at, created_at } = item;
  const isAsking = status === "waiting";
  return (
    <li className="relative flex gap-3 px-4 py-3 hover:bg-raised focus-within:bg-raised">
      {onToggle && (
        <div className="relative z-1 -my-1.5 shrink-0 self-start max-sm:-my-2.5">
          <Checkbox hideLabel label={`Choose the run of ${agent.name}`} checked={isChosen} onChange={onToggle} />
        </div>
      )}
      <div className="flex min-w-0 grow flex-col gap-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link
            href={`/runs/${id}`}
            className="min-w-0 truncate font-medium after:absolute after:inset-0 after:content-['']"
          >
            <bdi>{agent.name}</bdi> <span className="font-normal text-ink-faint">v{version}</span>
          </Link>
          <Badge tone={isAsking ? "warn" : "bad"} icon={isAsking ? CircleAlert : CircleX}>
            {causeWord(cause)}
          </Badge>
          <span className="text-sm text-ink-soft sm:ml-auto">
            <Time at={finished_at ?? created_at} />
          </span>
        </div>
        <div className="flex min-w-0 items-start gap-2 text-sm text-ink-soft">
          {step?.kind && <KindIcon kind={step.kind} />}
          <p className="line-clamp-2 min-w-0 wrap-anywhere">
            {step && <bdi className="text-ink">{step.name}</bdi>}
            {step && " · "}
            {whatHappened(item)}
          </p>
        </div>
      </div>
    </li>
  );
}

function whatHappened({ status, failure, connection }: InboxItem): string {
  if (connection !== null) return `The account ${connection} has to be connected anew. Then the run goes on by itself.`;
  if (status === "waiting") return "Nobody knows whether it was carried out. Decide, and the run goes on.";
  return failureOf(failure)?.message ?? "It failed without saying why.";
}

function toggled(chosen: Chosen, id: string, isOn: boolean): Chosen {
  const next = new Set(chosen);
  if (isOn) next.add(id);
  else next.delete(id);
  return next;
}
