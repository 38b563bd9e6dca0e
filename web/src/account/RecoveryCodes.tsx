import { Download } from "lucide-react";
import { useState } from "react";
import { downloadText } from "@/ui/download";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { CopyButton } from "@/ui/CopyButton";

/** The recovery codes, which nobody can show again. They go away once they are said to be kept. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const [isKept, setKept] = useState(false);
  const text = codes.join("\n");
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm text-ink-soft">
        Each of these signs you in once when the authenticator is not at hand. Keep them where you will find them
        without it. They are shown now and never again.
      </p>
      <div className="rounded-md border border-line bg-paper p-3">
        <ul aria-label="Recovery codes" className="grid grid-cols-2 gap-x-6 gap-y-1.5 font-mono text-sm">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <div className="-mb-1 mt-2 flex gap-1 border-t border-line pt-2">
          <CopyButton text={text} label="Copy the codes" wordy />
          <Button
            variant="ghost"
            size="sm"
            icon={Download}
            onClick={() => downloadText("plainwork-recovery-codes.txt", `${text}\n`)}
          >
            Download
          </Button>
        </div>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Checkbox label="I have put them away" checked={isKept} onChange={setKept} />
        <Button variant="primary" disabled={!isKept} onClick={onKept}>
          Done
        </Button>
      </div>
    </div>
  );
}
