import { useState } from "react";
import { ErrorNote } from "@/ui/ErrorNote";
import { NotReady, useMayOverride } from "./NotReady";
import { unmetOf } from "./readiness";

/** Something that a version has to be ready for: does it, says what is not met, and takes the reason to do it all the same. */
export function useGate(act: (reason: string | null) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [reason, setReason] = useState("");
  const unmet = unmetOf(problem);
  const isForced = useMayOverride(unmet) && reason.trim() !== "";
  const run = async () => {
    setBusy(true);
    try {
      await act(isForced ? reason.trim() : null);
      setProblem(null);
      setReason("");
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    isRefused: unmet !== null,
    isForced,
    run: () => void run(),
    /** What keeps it from being done; null before it was tried, and when nothing does. */
    notes: unmet ? (
      <NotReady unmet={unmet} reason={reason} onReason={setReason} />
    ) : problem !== null ? (
      <ErrorNote problem={problem} />
    ) : null,
  };
}
