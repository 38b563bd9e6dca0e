import { useEffect, useRef } from "react";

/** What a model has said so far, growing; the end stays in sight unless a person has scrolled up. */
export function Deltas({ text }: { text: string }) {
  const box = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && sticks.current) element.scrollTop = element.scrollHeight;
  }, [text]);
  return (
    <div
      ref={box}
      role="log"
      aria-label="The model's answer so far"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        sticks.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
      className="max-h-60 overflow-y-auto whitespace-pre-wrap rounded-md bg-sunken px-3 py-2 text-sm wrap-anywhere"
    >
      {text}
      <span aria-hidden className="ml-0.5 inline-block h-3.5 w-1.5 translate-y-0.5 animate-pulse bg-live" />
    </div>
  );
}
