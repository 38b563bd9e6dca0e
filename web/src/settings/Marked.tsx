/** A sentence of the catalogue: what stands in backticks is shown as code. */
export function Marked({ text }: { text: string }) {
  return text.split("`").map((part, i) =>
    i % 2 === 0 ? (
      part
    ) : (
      <code key={i} className="rounded-sm bg-sunken px-1 font-mono text-[0.92em] text-ink-soft">
        {part}
      </code>
    ),
  );
}
