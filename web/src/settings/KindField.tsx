import { useState } from "react";
import { Field } from "@/ui/Field";
import { kindLook } from "@/ui/kinds";
import { Select } from "@/ui/Select";
import { findingAt, useEditing, useSet } from "./editing";

/** What a step does, for a step that does not know it yet. */
export function KindField({ uses }: { uses: string }) {
  const { kinds, findings, readOnly } = useEditing();
  const set = useSet();
  const [refused, setRefused] = useState<string | null>(null);
  const known = [...new Set(kinds.values())].filter((kind) => !kind.holds && kind.id !== "todo");
  return (
    <Field label="What it does" error={refused ?? findingAt(findings, ["uses"])} required>
      <Select
        options={known.map(({ id, title, group }) => ({
          value: id,
          label: title,
          hint: id,
          icon: kindLook(id, group).icon,
        }))}
        value={kinds.has(uses) && uses !== "todo" ? uses : null}
        disabled={readOnly}
        onChange={async (id) => setRefused(await set(["uses"], id))}
      />
    </Field>
  );
}
