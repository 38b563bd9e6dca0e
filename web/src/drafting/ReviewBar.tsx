import { ArrowLeft, CircleAlert, FileText, LoaderCircle, Sparkles } from "lucide-react";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import type { Drafting } from "./store";

/** What was asked for, and how far the draft is. */
export function ReviewBar({ drafting, english, onBack }: { drafting: Drafting; english: string; onBack: () => void }) {
  return (
    <header className="flex min-h-(--bar-height) shrink-0 items-center gap-3 border-b border-line bg-paper px-2 sm:px-3">
      <IconButton label="Back to the sentence" icon={ArrowLeft} size="md" onClick={onBack} />
      <h1 className="min-w-0 grow truncate text-sm" title={english || undefined}>
        <span className="sr-only">Draft: </span>
        {english || "A template"}
      </h1>
      <Progress drafting={drafting} />
      {drafting.phase === "drafting" && (
        <Button size="sm" onClick={onBack}>
          Cancel
        </Button>
      )}
    </header>
  );
}

function Progress({ drafting: { phase, draft } }: { drafting: Drafting }) {
  const said = () => {
    if (phase === "drafting") {
      return (
        <Badge tone="live" icon={LoaderCircle} spins>
          Drafting
        </Badge>
      );
    }
    if (phase === "failed") {
      return (
        <Badge tone="bad" icon={CircleAlert}>
          Not drafted
        </Badge>
      );
    }
    if (!draft) return <Badge icon={FileText}>Template</Badge>;
    const by = draft.drafted_by ?? "rules";
    return <Badge icon={by === "rules" ? FileText : Sparkles}>{by === "rules" ? "Drafted by rules" : by}</Badge>;
  };
  return (
    <div role="status" className="flex min-w-0 shrink-0">
      {said()}
    </div>
  );
}
