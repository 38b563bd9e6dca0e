import { ArrowUpRight, Check, Lock, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link } from "@/navigation";
import { useSession } from "@/session";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { TextArea } from "@/ui/TextArea";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { Tree } from "@/ui/Tree";
import { decideApproval } from "./queries";
import type { Approval, ApprovalChoice } from "./types";
import { deciders, STATE_WORDS } from "./words";

/** One question to a person: exactly what it is about, who may decide, and the decision. `bare`: without its frame. */
export function ApprovalCard({
  approval,
  bare,
  onDecided,
}: {
  approval: Approval;
  bare?: boolean;
  onDecided?: () => void;
}) {
  return (
    <article
      aria-label={approval.title}
      className={bare ? "flex flex-col gap-4" : "flex flex-col gap-4 rounded-lg border border-line bg-paper p-4 sm:p-5"}
    >
      <header className="flex flex-col gap-1">
        {!bare && (
          <h2 dir="auto" className="text-lg font-semibold text-pretty wrap-anywhere">
            {approval.title}
          </h2>
        )}
        <Origin approval={approval} isLinked={!bare} />
      </header>
      <Shown value={approval.show} />
      {approval.state === "open" ? (
        <Decide approval={approval} onDecided={onDecided} />
      ) : (
        <Closed approval={approval} />
      )}
    </article>
  );
}

function Origin({
  approval: { agent, version, run_id, since, until },
  isLinked,
}: {
  approval: Approval;
  isLinked: boolean;
}) {
  const name = (
    <>
      <bdi>{agent.name}</bdi> <span className="text-ink-faint">v{version}</span>
    </>
  );
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-soft">
      {isLinked ? (
        <Link
          href={`/runs/${run_id}`}
          className="inline-flex items-center gap-1 rounded-sm underline decoration-line-strong underline-offset-4 hover:text-ink"
        >
          {name}
          <ArrowUpRight aria-label="(open the run)" className="size-3.5" />
        </Link>
      ) : (
        <span>{name}</span>
      )}
      <span>
        asked <Time at={since} />
      </span>
      {until && (
        <span>
          its time is up <Time at={until} />
        </span>
      )}
    </p>
  );
}

/** What it is about, as it stands: a text as a text, all else as the value it is. */
function Shown({ value }: { value: unknown }) {
  if (value === null || value === undefined || value === "") {
    return <p className="text-sm text-ink-faint">The step shows nothing more than its question.</p>;
  }
  return (
    <div className="max-h-96 overflow-y-auto rounded-md border border-line bg-raised px-3 py-2.5">
      {typeof value === "object" ? (
        <Tree value={value} name="What it is about" />
      ) : (
        <p dir="auto" className="text-sm whitespace-pre-wrap wrap-anywhere">
          {String(value)}
        </p>
      )}
    </div>
  );
}

function Decide({ approval, onDecided }: { approval: Approval; onDecided?: () => void }) {
  const { may } = useSession();
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState<ApprovalChoice | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const decide = async (choice: ApprovalChoice) => {
    setBusy(choice);
    setProblem(null);
    try {
      await decideApproval(approval.id, choice, comment.trim());
      toast.good(choice === "approved" ? "Approved. The run goes on." : "Rejected. The run goes on.");
      onDecided?.();
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(null);
    }
  };
  if (!approval.may_decide || !may("approvals:decide")) {
    return (
      <Note icon={<Lock aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-faint" />}>
        <p>{approval.why_not ?? "Your role does not allow you to decide this."}</p>
        {approval.not_author && <p className="text-ink-faint">{deciders({ ...approval, not_author: false })}</p>}
      </Note>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <Field label="Comment" optional hint="Later steps of the run see it, and the audit log keeps it.">
        <TextArea
          grows
          rows={1}
          maxLength={2000}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
      </Field>
      {problem !== null && <ErrorNote problem={problem} />}
      <div className="flex flex-wrap items-center gap-2 max-sm:[&>button]:grow">
        <Button
          variant="primary"
          icon={Check}
          busy={busy === "approved"}
          disabled={busy === "rejected"}
          onClick={() => void decide("approved")}
        >
          Approve
        </Button>
        <Button
          icon={X}
          busy={busy === "rejected"}
          disabled={busy === "approved"}
          onClick={() => void decide("rejected")}
        >
          Reject
        </Button>
        <p className="text-sm text-ink-faint max-sm:w-full sm:ml-2">{deciders(approval)}</p>
      </div>
    </div>
  );
}

function Closed({ approval: { state, decided_by, closed_at, comment } }: { approval: Approval }) {
  if (state === "open") return null;
  const tone = state === "approved" ? "good" : state === "rejected" ? "bad" : "idle";
  return (
    <Note icon={<Badge tone={tone}>{STATE_WORDS[state]}</Badge>}>
      {decided_by && <bdi>{decided_by}</bdi>} {closed_at && <Time at={closed_at} />}
      {comment && <q className="mt-1 block wrap-anywhere">{comment}</q>}
    </Note>
  );
}

function Note({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div className="flex items-start gap-2.5 text-sm text-ink-soft">
      {icon}
      <div className="min-w-0">{children}</div>
    </div>
  );
}
