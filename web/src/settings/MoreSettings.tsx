import type { Kind, Step } from "@/document";
import { CopyButton } from "@/ui/CopyButton";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { findingAt, type Path, useEditing, useSet } from "./editing";
import { ModelField } from "./ModelField";
import { expressionName } from "./names";
import { Section } from "./Section";
import { readNumber, type Written } from "./values";
import { plainText, readExpression, readText, WrittenText } from "./WrittenText";

/** What every step can have besides its kind's own settings; only what is of use for the kind. */
export function MoreSettings({ step, kind }: { step: Step; kind: Kind | undefined }) {
  return (
    <Section title="More" note={summary(step)}>
      <TextSetting
        path={["if"]}
        label="Only if"
        mode="expression"
        hint="Otherwise the step is passed over."
        value={step.if}
      />
      {step.model && <StepModel step={step} />}
      {!kind?.holds && <Attempts step={step} />}
      <ChoiceSetting
        path={["join"]}
        label="When several steps lead here"
        options={{ all: "Wait for all of them", any: "Begin with the first" }}
        standard="all"
        value={step.join}
      />
      <EffectSettings step={step} effect={kind?.effect ?? "none"} />
      <TextSetting path={["note"]} label="Note" hint="For people; it changes nothing." many value={step.note} />
      <StepNames id={step.id} />
    </Section>
  );
}

function EffectSettings({ step, effect }: { step: Step; effect: NonNullable<Kind["effect"]> }) {
  return (
    <>
      {(effect === "once" || effect === "keyed") && (
        <ChoiceSetting
          path={["on_uncertain"]}
          label="When nobody knows whether it happened"
          options={{ ask: "Ask a person", repeat: "Do it again", skip: "Go on without" }}
          standard="ask"
          value={step.on_uncertain}
        />
      )}
      {(effect === "read" || step.cache) && (
        <TextSetting
          path={["cache"]}
          label="Remember for"
          hint="The same question is answered from memory for so long."
          value={step.cache}
        />
      )}
      {(effect === "read" || step.limits) && (
        <TextSetting
          path={["limits", "cost_per_run_usd"]}
          label="Most it may cost in a run, in USD"
          value={step.limits?.cost_per_run_usd}
          read={(text) => readNumber(text, { whole: false, min: 0 })}
        />
      )}
    </>
  );
}

/** What is set of all this, in a few words. */
function summary(step: Step): string {
  const said = [
    step.if && "condition",
    step.timeout && `time limit ${step.timeout}`,
    step.retry && `${step.retry.times ?? 3} retries`,
    step.join === "any" && "begins with the first",
    step.cache && "remembered",
    step.limits && "limits",
    step.note && "note",
  ];
  return said.filter(Boolean).join(", ");
}

function StepModel({ step }: { step: Step }) {
  const { findings, readOnly } = useEditing();
  const set = useSet();
  return (
    <ModelField
      label="Model"
      value={step.model ?? undefined}
      error={findingAt(findings, ["model"])}
      readOnly={readOnly}
      onValue={(next) => set(["model"], next)}
    />
  );
}

function Attempts({ step: { timeout, retry } }: { step: Step }) {
  return (
    <>
      <TextSetting
        path={["timeout"]}
        label="Time limit"
        hint="A duration, such as 30s or 5 minutes, for each attempt."
        value={timeout}
      />
      <div className="grid grid-cols-3 gap-3">
        <TextSetting
          path={["retry", "times"]}
          label="Retries"
          placeholder="0"
          value={retry && (retry.times ?? 3)}
          read={(text) => readNumber(text, { whole: true, min: 0, max: 100 })}
        />
        <TextSetting
          path={["retry", "wait"]}
          label="First wait"
          placeholder="1s"
          value={retry && (retry.wait ?? "1s")}
        />
        <TextSetting
          path={["retry", "backoff"]}
          label="Then each ×"
          placeholder="2"
          value={retry && (retry.backoff ?? 2)}
          read={(text) => readNumber(text, { whole: false, min: 1 })}
        />
      </div>
    </>
  );
}

interface TextSettingProps {
  path: Path;
  label: string;
  hint?: string;
  placeholder?: string;
  mode?: "expression" | "plain";
  many?: boolean;
  value: unknown;
  read?: (text: string) => Written;
}

/** A field of the step itself that is written as text. */
export function TextSetting({
  path,
  mode = "plain",
  read = mode === "expression" ? readExpression : readText,
  value,
  ...rest
}: TextSettingProps) {
  const { findings, names, readOnly } = useEditing();
  const set = useSet();
  return (
    <WrittenText
      {...rest}
      {...{ mode, read, names, readOnly }}
      value={value ?? undefined}
      toText={plainText}
      error={findingAt(findings, path)}
      onValue={(next) => set(path, next)}
    />
  );
}

interface ChoiceSettingProps {
  path: Path;
  label: string;
  options: Record<string, string>;
  standard: string;
  value: string | undefined;
}

function ChoiceSetting({ path, label, options, standard, value }: ChoiceSettingProps) {
  const { readOnly } = useEditing();
  const set = useSet();
  return (
    <Field label={label}>
      <Select
        options={Object.entries(options).map(([id, words]) => ({ value: id, label: words }))}
        value={value ?? standard}
        disabled={readOnly}
        onChange={(chosen) => void set(path, chosen === standard ? undefined : chosen)}
      />
    </Field>
  );
}

function StepNames({ id }: { id: string }) {
  const name = expressionName(id);
  return (
    <dl className="grid grid-cols-[auto_1fr] items-center gap-x-3 text-xs text-ink-faint">
      <dt>Id</dt>
      <dd className="flex min-w-0 items-center justify-between">
        <span className="truncate font-mono">{id}</span>
        <CopyButton text={id} label="Copy the id" />
      </dd>
      <dt>In expressions</dt>
      <dd className="flex min-w-0 items-center justify-between">
        <span className="truncate font-mono">{name}</span>
        <CopyButton text={name} label="Copy the name" />
      </dd>
    </dl>
  );
}
