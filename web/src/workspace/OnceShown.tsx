import { CopyButton } from "@/ui/CopyButton";

/** A link or a key that is shown now and never again. */
export function OnceShown({ label, text }: { label: string; text: string }) {
  return (
    <div className="flex items-start gap-1 rounded-md border border-line bg-paper py-1.5 pl-3 pr-1.5">
      <code aria-label={label} className="min-w-0 grow self-center font-mono text-sm wrap-anywhere">
        {text}
      </code>
      <CopyButton text={text} label={`Copy the ${label.toLowerCase()}`} />
    </div>
  );
}
