import { RotateCw, Trash2, X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { BulkDialog, type BulkAction } from "./BulkDialog";
import type { InboxItem } from "./types";
import { runs } from "./words";

/** What can be done with all that are chosen. Stays in sight while the list scrolls. */
export function BulkBar({ items, onClear }: { items: readonly InboxItem[]; onClear: () => void }) {
  const [action, setAction] = useState<BulkAction | null>(null);
  return (
    <>
      <div
        role="region"
        aria-label="The chosen runs"
        className="popup sticky bottom-4 z-2 flex w-fit max-w-full flex-wrap items-center gap-2 self-center rounded-lg p-2 pl-3 text-sm sm:pl-4"
      >
        <span className="tabular-nums sm:mr-2">{runs(items.length)}</span>
        <Button size="sm" icon={RotateCw} onClick={() => setAction("retry")}>
          Retry…
        </Button>
        <Button size="sm" variant="danger" icon={Trash2} onClick={() => setAction("discard")}>
          Discard…
        </Button>
        <IconButton label="Choose none" icon={X} onClick={onClear} />
      </div>
      <BulkDialog key={action} action={action} items={items} onClose={() => setAction(null)} onDone={onClear} />
    </>
  );
}
