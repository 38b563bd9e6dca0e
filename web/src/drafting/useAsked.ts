import { useCallback, useEffect, useRef, useState } from "react";
import { keep, type Kept, NOTHING_KEPT, recall } from "./kept";

/** What the person asks for, kept in this tab. `prefilled`: a sentence that the address brings goes before what was kept. */
export function useAsked(prefilled: string | null) {
  const [asked, setAsked] = useState<Kept>(NOTHING_KEPT);
  const newest = useRef(asked);
  const change = useCallback((changed: Partial<Kept>) => {
    newest.current = { ...newest.current, ...changed };
    setAsked(newest.current);
    keep(newest.current);
  }, []);
  useEffect(() => {
    // Only now: the exported page knows neither the tab nor the address.
    const kept = recall();
    change(prefilled && prefilled !== kept.english ? { ...kept, english: prefilled, answers: [] } : kept);
  }, [change, prefilled]);
  return { asked, change };
}
