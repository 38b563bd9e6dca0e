import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { OneApproval } from "@/inbox";
import { Banner } from "@/ui/Banner";
import { LinkButton } from "@/ui/Button";
import { Time } from "@/ui/Time";
import type { Outline } from "./outline";
import { aroundQuery } from "./queries";
import type { Wait } from "./types";
import type { RunView } from "./watch";
import { waitWords } from "./words";

/** So many things that a run waits for at once are said one by one. */
const MOST_SHOWN = 5;

/** What the run waits for, each with the way to it: a person's decision, another agent's run, an answer, the time. */
export function WaitNotes({ view, outline }: { view: RunView; outline: Outline }) {
  const { data } = useQuery(aroundQuery(view));
  const waits = view.run?.status === "waiting" || view.run?.status === "queued" ? (data?.waiting ?? []) : [];
  return (
    <>
      {waits.slice(0, MOST_SHOWN).map((wait) => (
        <WaitNote key={`${wait.kind}.${wait.path}`} wait={wait} outline={outline} />
      ))}
      {waits.length > MOST_SHOWN && (
        <p className="text-sm text-ink-soft">And for {(waits.length - MOST_SHOWN).toLocaleString("en")} more things.</p>
      )}
    </>
  );
}

function WaitNote({ wait, outline }: { wait: Wait; outline: Outline }) {
  const { title, next_step } = waitWords(wait, outline);
  const isPersons = ["approval", "effect_uncertain", "connection_expired"].includes(wait.kind);
  return (
    <Banner tone={isPersons ? "warn" : "idle"} title={title} action={wayTo(wait)}>
      {next_step && <p>{next_step}</p>}
      {wait.until && (
        <p>
          {goesOnBy(wait) ? "It goes on" : "Its time is up"} <Time at={wait.until} />.
        </p>
      )}
    </Banner>
  );
}

function wayTo({ kind, id, run_id }: Wait): ReactNode {
  if (kind === "approval" && id) return <OneApproval approvalId={id} />;
  if (kind === "agent" && run_id) {
    return (
      <LinkButton size="sm" href={`/runs/${run_id}`}>
        Open that run
      </LinkButton>
    );
  }
  return undefined;
}

/** Whether the time alone lets it go on. */
function goesOnBy({ kind }: Wait): boolean {
  return kind === "time" || kind === "retry";
}
