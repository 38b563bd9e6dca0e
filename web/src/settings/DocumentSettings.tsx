import { Plus } from "lucide-react";
import { useState } from "react";
import { type Spec, useDocument } from "@/document";
import { AddSecretDialog, useSecretNames } from "@/secrets";
import { useSession } from "@/session";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { KindIcon } from "@/ui/KindIcon";
import { Menu } from "@/ui/Menu";
import { Select } from "@/ui/Select";
import { findingAt, setting, useEditing, useSet } from "./editing";
import { InputsField } from "./InputsField";
import { ModelField } from "./ModelField";
import { TextSetting } from "./MoreSettings";
import { Section } from "./Section";
import { NEW_TRIGGERS, TRIGGER_WORDS } from "./triggers";
import { readNumber, type Written } from "./values";

/** What holds for the whole agent: its name, what starts it, what it is given, what it may cost. */
export function DocumentSettings({ spec }: { spec: Spec }) {
  const { findings, readOnly } = useEditing();
  const set = useSet();
  return (
    <div className="flex flex-col">
      <div className="flex flex-col gap-4 p-4">
        <TextSetting path={["title"]} label="Name" value={spec.title} />
        <TextSetting path={["about"]} label="What it does" many value={spec.about} />
      </div>
      <Section title="What starts it" open>
        <Triggers spec={spec} />
      </Section>
      <Section title="Inputs" note={Object.keys(spec.inputs ?? {}).join(", ") || "none"} open>
        <InputsField inputs={spec.inputs ?? {}} />
      </Section>
      <Section
        title="Secrets"
        note={Object.keys(spec.secrets ?? {}).join(", ") || "none"}
        open={Object.keys(spec.secrets ?? {}).length > 0}
      >
        <Secrets secrets={spec.secrets ?? {}} />
      </Section>
      <Section title="Model and limits" note={limitsNote(spec)}>
        <ModelField
          label="Model"
          hint="For the steps that name none."
          value={spec.model ?? undefined}
          error={findingAt(findings, ["model"])}
          readOnly={readOnly}
          onValue={(next) => set(["model"], next)}
        />
        <Limits spec={spec} />
      </Section>
      <Section title="When a step fails" note={spec.on_failure ?? "the run fails"}>
        <OnFailure spec={spec} />
      </Section>
    </div>
  );
}

function Triggers({ spec }: { spec: Spec }) {
  const { document, apply, readOnly } = useEditing();
  const triggers = useDocument(document, (state) => state.drawn?.triggers);
  const when = spec.when ?? [];
  const add = async (kind: string) => {
    const problem = await apply(setting(null, ["when", when.length], NEW_TRIGGERS[kind]));
    if (!problem) document.select(`trigger-${when.length + 1}`, "elsewhere");
  };
  return (
    <>
      {when.length === 0 && <p className="text-sm text-ink-soft">It is started by hand.</p>}
      <ul className="flex flex-col gap-1.5">
        {when.map((trigger, at) => (
          <li key={at}>
            <button
              type="button"
              onClick={() => document.select(`trigger-${at + 1}`, "elsewhere")}
              className="flex min-h-10 w-full items-center gap-2.5 rounded-md border border-line bg-paper px-3 py-1.5 text-left text-sm hover:border-ink-faint max-sm:min-h-11"
            >
              <KindIcon kind={trigger.kind} group="trigger" />
              <span className="min-w-0 grow truncate">
                {triggers?.find((one) => one.node === `trigger-${at + 1}`)?.text ?? TRIGGER_WORDS[trigger.kind]?.title}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {!readOnly && (
        <Menu
          align="start"
          trigger={
            <Button size="sm" variant="ghost" icon={Plus} className="self-start">
              Add a trigger
            </Button>
          }
          items={Object.entries(TRIGGER_WORDS).map(([kind, { title }]) => ({
            label: title,
            onSelect: () => void add(kind),
          }))}
        />
      )}
    </>
  );
}

function Secrets({ secrets }: { secrets: Record<string, string> }) {
  const stored = useSecretNames();
  const { may } = useSession();
  const [adding, setAdding] = useState<string | null>(null);
  const names = Object.keys(secrets);
  return (
    <>
      {names.length === 0 && <p className="text-sm text-ink-soft">It needs none.</p>}
      <ul className="flex flex-col gap-2">
        {names.map((name) => (
          <li key={name} className="flex items-center gap-2 text-sm">
            <span className="min-w-0 grow">
              <span className="font-mono">{name}</span>
              <span className="block text-xs text-ink-faint">{secrets[name]}</span>
            </span>
            {stored?.has(name) && <Badge tone="good">stored</Badge>}
            {stored && !stored.has(name) && <Badge tone="warn">missing</Badge>}
            {stored && !stored.has(name) && may("secrets:write") && (
              <Button size="sm" onClick={() => setAdding(name)}>
                Store
              </Button>
            )}
          </li>
        ))}
      </ul>
      {adding && <StoreSecret name={adding} onDone={() => setAdding(null)} />}
    </>
  );
}

/** The account that a secret's steps ask for says what has to be filled in. */
function StoreSecret({ name, onDone }: { name: string; onDone: () => void }) {
  const { document, kinds } = useEditing();
  const node = document.get().drawn?.flow?.nodes?.find((one) => one.account === name);
  const kind = node && kinds.get(node.type.split("@")[0] ?? "");
  return <AddSecretDialog kind={kind?.account ?? ""} wish={name} onClose={onDone} onAdded={onDone} />;
}

const amount = (text: string): Written => readNumber(text, { whole: false, min: 0 });
const count = (text: string): Written => readNumber(text, { whole: true, min: 1 });

function Limits({ spec: { limits } }: { spec: Spec }) {
  return (
    <div className="grid grid-cols-2 gap-3">
      <TextSetting
        path={["limits", "cost_per_run_usd"]}
        label="USD per run"
        value={limits?.cost_per_run_usd}
        read={amount}
      />
      <TextSetting
        path={["limits", "cost_per_day_usd"]}
        label="USD per day"
        value={limits?.cost_per_day_usd}
        read={amount}
      />
      <TextSetting
        path={["limits", "time_per_run"]}
        label="Time per run"
        placeholder="10 minutes"
        value={limits?.time_per_run}
      />
      <TextSetting path={["limits", "runs_per_day"]} label="Runs per day" value={limits?.runs_per_day} read={count} />
      <TextSetting
        path={["limits", "tokens_per_run"]}
        label="Tokens per run"
        value={limits?.tokens_per_run}
        read={count}
      />
      <TextSetting
        path={["limits", "steps_per_run"]}
        label="Steps per run"
        value={limits?.steps_per_run}
        read={count}
      />
      <TextSetting path={["limits", "runs_at_once"]} label="Runs at once" value={limits?.runs_at_once} read={count} />
      <Priority value={limits?.priority ?? "normal"} />
    </div>
  );
}

const PRIORITIES = [
  { value: "low", label: "Low" },
  { value: "normal", label: "Normal" },
  { value: "high", label: "High" },
] as const;

function Priority({ value }: { value: (typeof PRIORITIES)[number]["value"] }) {
  const { readOnly } = useEditing();
  const set = useSet();
  return (
    <Field label="Priority">
      <Select
        options={PRIORITIES}
        value={value}
        disabled={readOnly}
        onChange={(next) => void set(["limits", "priority"], next === "normal" ? undefined : next)}
      />
    </Field>
  );
}

function limitsNote({ model, limits }: Spec): string {
  const cost = limits?.cost_per_run_usd ?? null;
  return [Array.isArray(model) ? model[0] : model, cost !== null && `${cost} USD per run`].filter(Boolean).join(", ");
}

const FAIL = "\u0000fail";

function OnFailure({ spec }: { spec: Spec }) {
  const { readOnly } = useEditing();
  const set = useSet();
  const steps = [...(spec.errors ?? []), ...(spec.steps ?? [])];
  return (
    <Field label="A failure that no route takes" hint="Steps under “When things go wrong” come first.">
      <Select
        options={[
          { value: FAIL, label: "The run fails" },
          ...steps.map(({ id, name }) => ({ value: id, label: `It goes on with ${name}` })),
        ]}
        value={spec.on_failure ?? FAIL}
        disabled={readOnly}
        onChange={(next) => void set(["on_failure"], next === FAIL ? undefined : next)}
      />
    </Field>
  );
}
