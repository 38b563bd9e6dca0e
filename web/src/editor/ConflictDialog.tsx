import { useState } from "react";
import { type Conflict, type OpenDocument, useDocument } from "@/document";
import { BothTexts } from "@/spec_text";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";

/** Two people have changed the draft: nothing is overwritten until this is decided. */
export function ConflictDialog({ document }: { document: OpenDocument }) {
  const conflict = useDocument(document, (state) => state.conflict);
  return conflict && <Decision key={conflict.revision} document={document} conflict={conflict} />;
}

function Decision({ document, conflict }: { document: OpenDocument; conflict: Conflict }) {
  const [mine] = useState(() => document.get().text);
  const [merged, setMerged] = useState(mine);
  const [isLooking, setLooking] = useState(false);
  const who = conflict.by ?? "Somebody else";
  return (
    <Dialog
      open
      dismissible={false}
      onClose={() => undefined}
      size={isLooking ? "xl" : "md"}
      title="The draft was changed elsewhere"
      description={`${who} has saved the draft since you opened it. Your edits are kept here until you decide.`}
      footer={
        <>
          {!isLooking && <Button onClick={() => setLooking(true)}>Look at both</Button>}
          <Button onClick={() => document.resolve("theirs")}>Take theirs</Button>
          {isLooking && merged !== mine ? (
            <Button variant="primary" onClick={() => document.resolve({ text: merged })}>
              Save the merged text
            </Button>
          ) : (
            <Button variant="primary" onClick={() => document.resolve("mine")}>
              Keep mine
            </Button>
          )}
        </>
      }
    >
      {isLooking ? (
        <div className="flex h-[56vh] flex-col gap-2">
          <div className="grid grid-cols-2 text-xs text-ink-faint">
            <span>Theirs</span>
            <span>Yours: edit it, or take single changes over</span>
          </div>
          <div className="min-h-0 grow">
            <BothTexts theirs={conflict.text} mine={mine} onMerged={setMerged} />
          </div>
        </div>
      ) : (
        <p className="text-sm text-ink-soft">
          Taking theirs is one step of the history: undo brings your text back. Keeping yours replaces theirs.
        </p>
      )}
    </Dialog>
  );
}
