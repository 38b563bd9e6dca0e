import { useState } from "react";
import type { Kind, Step } from "@/document";
import { cx } from "@/ui/cx";
import { KindIcon } from "@/ui/KindIcon";
import { useEditing } from "./editing";

/** What the step is called, and what it does. The name is edited in place. */
export function StepTitle({ step, kind }: { step: Step; kind: Kind | undefined }) {
  const { apply, readOnly } = useEditing();
  const [typed, setTyped] = useState(step.name);
  const [refused, setRefused] = useState<string | null>(null);
  const commit = async () => {
    const name = typed.trim();
    if (name === step.name) return setTyped(step.name);
    setRefused(await apply({ op: "rename", node: step.id, name }));
  };
  return (
    <div className="flex items-start gap-3 p-4 pb-3">
      <KindIcon kind={step.uses} group={kind?.group} framed className="mt-0.5" />
      <div className="min-w-0 grow">
        <input
          aria-label="Name of the step"
          value={typed}
          readOnly={readOnly}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={() => void commit()}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") setTyped(step.name);
          }}
          className={cx(
            "-mx-1.5 -my-0.5 w-full rounded-sm border border-transparent bg-transparent px-1.5 py-0.5 text-base font-semibold",
            "hover:border-line focus:border-accent focus:bg-raised focus:outline-none max-sm:min-h-11",
          )}
        />
        <p className="text-xs text-ink-faint">{kind ? `${kind.title} · ${step.uses}` : step.uses}</p>
        {refused && <p className="mt-1 text-xs text-bad">{refused}</p>}
      </div>
    </div>
  );
}
