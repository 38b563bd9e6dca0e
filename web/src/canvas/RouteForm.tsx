import { Trash2 } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import type { Lead } from "@/document/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Select } from "@/ui/Select";
import { TextInput } from "@/ui/TextInput";
import type { Way } from "./changes";
import { LEADS } from "./labels";

const OPTIONS = (Object.keys(LEADS) as Lead[]).map((lead) => ({
  value: lead,
  label: LEADS[lead].title,
  hint: LEADS[lead].about,
}));

const TESTS: Partial<Record<Lead, { label: string; placeholder: string; missing: string }>> = {
  if: {
    label: "Test",
    placeholder: "len(posts) > 0",
    missing: "Write what has to hold, such as len(posts) > 0.",
  },
  when: { label: "Outcome", placeholder: "approved", missing: "Write the outcome, such as approved." },
  error: { label: "Kind of failure", placeholder: "any", missing: "" },
};

/** Under which condition an arrow is taken. */
export function RouteForm(props: {
  title: string;
  start: Way;
  /** The outcomes that the step can end with. */
  outcomes: string[];
  onDone: (way: Way) => void;
  onCancel: () => void;
  onDelete?: () => void;
}) {
  const [lead, setLead] = useState(props.start.lead);
  const [test, setTest] = useState(props.start.test ?? "");
  const [isMissing, setMissing] = useState(false);
  const list = useId();
  const words = TESTS[lead];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = test.trim();
    if (LEADS[lead].test === "needed" && given === "") return setMissing(true);
    props.onDone({ lead, test: LEADS[lead].test === "none" || given === "" ? null : given });
  };
  return (
    <form aria-label={props.title} onSubmit={submit} className="flex flex-col gap-3 p-3">
      <p className="truncate text-sm font-medium">{props.title}</p>
      <div className="flex flex-col gap-3">
        <Select label="When it is taken" options={OPTIONS} value={lead} onChange={setLead} size="sm" />
        {words && (
          <Field label={words.label} error={isMissing && test.trim() === "" ? words.missing : undefined}>
            <TextInput
              autoFocus
              mono
              size="sm"
              list={lead === "when" ? list : undefined}
              placeholder={words.placeholder}
              value={test}
              onChange={(event) => setTest(event.target.value)}
            />
          </Field>
        )}
        <datalist id={list}>
          {props.outcomes.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      <div className="flex items-center gap-2">
        {props.onDelete && <IconButton label="Delete this arrow" icon={Trash2} onClick={props.onDelete} />}
        <span className="grow" />
        <Button size="sm" variant="ghost" onClick={props.onCancel}>
          Cancel
        </Button>
        <Button size="sm" variant="primary" type="submit" autoFocus={!words}>
          Done
        </Button>
      </div>
    </form>
  );
}
