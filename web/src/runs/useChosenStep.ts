import { useCallback, useEffect, useRef, useState } from "react";
import { useGo, useParam } from "@/navigation";

/** Keys that are held choose many steps a second; the address gets the one they come to rest on. */
const REST_MS = 150;

/** The chosen step's path. The address says it too, a moment later, and an address that says another one is followed. */
export function useChosenStep(runId: string): { path: string | null; choose: (path: string | null) => void } {
  const go = useGo();
  const said = useParam("step");
  const [path, setPath] = useState(said);
  const [seen, setSeen] = useState(said);
  const [written, setWritten] = useState(said);
  if (seen !== said) {
    setSeen(said);
    if (said !== written) setPath(said);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const choose = useCallback(
    (next: string | null) => {
      setPath(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        setWritten(next);
        go(next === null ? `/runs/${runId}` : `/runs/${runId}?step=${encodeURIComponent(next)}`, { replace: true });
      }, REST_MS);
    },
    [go, runId],
  );
  return { path, choose };
}
