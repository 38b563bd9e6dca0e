import { useEffect, useState } from "react";

/** The time (epoch ms), told anew every so often while `runs`; 0 on the first pass, which knows no time. */
export function useClock(runs: boolean, everyMs = 250): number {
  const [now, setNow] = useState(0);
  useEffect(() => {
    const tick = () => setNow(Date.now());
    const first = setTimeout(tick);
    const timer = runs ? setInterval(tick, everyMs) : undefined;
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [runs, everyMs]);
  return now;
}
