import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { Spec, TriggerTimes } from "@/document";
import { Link, useParam } from "@/navigation";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { KindIcon } from "@/ui/KindIcon";
import { Select } from "@/ui/Select";
import { type Editing, EditingProvider, setting, useEditing } from "./editing";
import { TextSetting } from "./MoreSettings";
import { NextTimes } from "./NextTimes";
import { PairsField } from "./PairsField";
import { recordChanges } from "./pairs";
import { NEW_TRIGGERS, TRIGGER_FIELDS, TRIGGER_WORDS } from "./triggers";

export type Trigger = NonNullable<Spec["when"]>[number];

interface TriggerSettingsProps {
  /** Which one of the document's triggers, from 0. */
  at: number;
  trigger: Trigger | undefined;
  times: TriggerTimes | undefined;
}

/** What starts the agent: one trigger of the document. */
export function TriggerSettings(props: TriggerSettingsProps) {
  const editing = useEditing();
  const { at } = props;
  // Triggers are fields of the document, so its settings are the ones that are changed.
  const about: Editing = {
    ...editing,
    node: null,
    findings: editing.document.get().reading?.findings.filter((one) => one.field?.startsWith(`when.${at}`)) ?? [],
  };
  return (
    <EditingProvider value={about}>
      {props.trigger ? (
        <OneTrigger {...props} trigger={props.trigger} />
      ) : (
        <p className="p-4 text-sm text-ink-soft">This trigger is not in the document any more.</p>
      )}
    </EditingProvider>
  );
}

function OneTrigger({ at, trigger, times }: TriggerSettingsProps & { trigger: Trigger }) {
  const { document, apply, findings, readOnly } = useEditing();
  const [refused, setRefused] = useState<string | null>(null);
  const remove = async () => {
    const problem = await apply(setting(null, ["when", at], undefined));
    setRefused(problem);
    if (!problem) document.select(null, "elsewhere");
  };
  const change = async (kind: string) => setRefused(await apply(setting(null, ["when", at], NEW_TRIGGERS[kind])));
  const words = TRIGGER_WORDS[trigger.kind];
  return (
    <div className="flex flex-col gap-4 p-4">
      <div className="flex items-start gap-3">
        <KindIcon kind={trigger.kind} group="trigger" framed className="mt-0.5" />
        <div>
          <p className="text-base font-semibold">{words?.title ?? trigger.kind}</p>
          <p className="text-sm text-ink-soft">{words?.about}</p>
        </div>
      </div>
      {findings.map((one) => (
        <p key={one.message} className="text-sm text-bad">
          {one.message} {one.next_step}
        </p>
      ))}
      <Field label="Starts">
        <Select
          options={Object.entries(TRIGGER_WORDS).map(([value, { title }]) => ({ value, label: title }))}
          value={trigger.kind}
          disabled={readOnly}
          onChange={(kind) => void change(kind)}
        />
      </Field>
      {(TRIGGER_FIELDS[trigger.kind] ?? []).map(({ key, ...field }) => (
        <TextSetting
          key={key}
          path={["when", at, key]}
          value={(trigger as unknown as Record<string, unknown>)[key]}
          {...field}
        />
      ))}
      {trigger.kind === "webhook" && <WebhookAnswer at={at} answer={trigger.respond ?? "at once"} />}
      {trigger.kind === "schedule" && <NextTimes times={times} />}
      {trigger.kind === "poll" && <PollSettings at={at} values={trigger.with as Record<string, unknown> | undefined} />}
      <WhatCame kind={trigger.kind} />
      {!readOnly && (
        <Button variant="ghost" size="sm" icon={Trash2} className="self-start" onClick={() => void remove()}>
          Remove this trigger
        </Button>
      )}
      {refused && <p className="text-xs text-bad">{refused}</p>}
    </div>
  );
}

/** Leads to what has come of the live version's triggers; not while an agent is still being drafted. */
function WhatCame({ kind }: { kind: string }) {
  const agentId = useParam("agent");
  if (!agentId || kind === "manual") return null;
  return (
    <Link href={`/agents/${agentId}/triggers`} className="text-link control-sm self-start text-sm">
      {kind === "schedule" ? "What became of its times" : "Address, deliveries and pauses"}
    </Link>
  );
}

function WebhookAnswer({ at, answer }: { at: number; answer: string }) {
  const { apply, readOnly } = useEditing();
  return (
    <Field label="Answers the caller" hint="When done: with what the run gives.">
      <Select
        options={["at once", "when done"].map((value) => ({
          value,
          label: value === "at once" ? "At once" : "When done",
        }))}
        value={answer}
        disabled={readOnly}
        onChange={(next) => void apply(setting(null, ["when", at, "respond"], next === "at once" ? undefined : next))}
      />
    </Field>
  );
}

function PollSettings({ at, values }: { at: number; values: Record<string, unknown> | undefined }) {
  const { apply, names, readOnly } = useEditing();
  return (
    <PairsField
      label="Settings"
      noun="setting"
      pairs={values ?? {}}
      {...{ names, readOnly }}
      onChange={(next) => apply(...recordChanges(null, ["when", at, "with"], values, next))}
    />
  );
}
