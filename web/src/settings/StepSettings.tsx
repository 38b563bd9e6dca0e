import { useMemo, useState } from "react";
import { type Flow, kindOf, type OpenDocument, type Reading, type Step, useDocument, useKinds } from "@/document";
import { Banner } from "@/ui/Banner";
import { SkeletonLines } from "@/ui/Skeleton";
import { AccountField } from "./AccountField";
import { DocumentSettings } from "./DocumentSettings";
import { applying, type Editing, EditingProvider, useEditing } from "./editing";
import { formOf, type Setting } from "./form";
import { KindField } from "./KindField";
import { Marked } from "./Marked";
import { MoreSettings, TextSetting } from "./MoreSettings";
import { bareName, expressionName, type LastValues, type Name, namesIn } from "./names";
import { entryChanges, type Pairs } from "./pairs";
import { PairsField } from "./PairsField";
import { RoutesField } from "./RoutesField";
import { innerSteps, kindId, nodeOf, scopeAtEnd, scopeOf } from "./scope";
import { Fold } from "./Section";
import { SettingField } from "./SettingField";
import { StepTitle } from "./StepTitle";
import { findStep } from "./steps";
import { TriggerSettings } from "./TriggerSettings";

export interface StepSettingsProps {
  document: OpenDocument;
  /** A step's or a trigger's id; null: the settings of the document. */
  node: string | null;
  /** What the last run gave, shown where values are picked. */
  lastValues?: LastValues | null;
  readOnly?: boolean;
}

/** The settings of what is selected, drawn from its kind's schema. Each change is one step of the document's history. */
export function StepSettings({ document, node, lastValues = null, readOnly = false }: StepSettingsProps) {
  const drawn = useDocument(document, (state) => state.drawn);
  const is_broken = useDocument(document, (state) => state.is_broken);
  const findings = useDocument(document, (state) => state.reading?.findings);
  const kinds = useKinds();
  const flow = drawn?.flow;
  const names = useMemo(() => {
    if (!flow) return [];
    return namesIn(flow, node === null ? scopeAtEnd(flow) : scopeOf(flow, node), kinds, lastValues);
  }, [flow, node, kinds, lastValues]);
  const apply = useMemo(() => applying(document), [document]);
  if (!drawn?.flow || !drawn.spec || kinds.size === 0) return <NotYet is_broken={is_broken} />;

  const editing: Editing = {
    ...{ document, node, kinds, names, apply },
    readOnly: readOnly || is_broken,
    findings: (findings ?? []).filter((one) => (one.node ?? null) === node),
  };
  return (
    <EditingProvider value={editing}>
      {is_broken && (
        <Banner bar tone="warn" title="The text cannot be read at present.">
          Mend it first; these are the settings from before.
        </Banner>
      )}
      <Selected key={node} node={node} drawn={drawn} />
    </EditingProvider>
  );
}

/** Nothing was read yet. A text that could not be read from the start has no earlier settings to show. */
function NotYet({ is_broken }: { is_broken: boolean }) {
  if (!is_broken) return <SkeletonLines lines={6} className="p-4" />;
  return (
    <Banner tone="warn" title="The text cannot be read yet." className="m-4">
      Mend what the findings say; then its settings appear here.
    </Banner>
  );
}

function Selected({ node, drawn: { spec, flow, triggers } }: { node: string | null; drawn: Reading }) {
  if (!spec || !flow) return null;
  if (node === null) return <DocumentSettings spec={spec} />;
  const trigger = /^trigger-(\d+)$/.exec(node);
  if (trigger) {
    const at = Number(trigger[1]) - 1;
    return <TriggerSettings at={at} trigger={spec.when?.[at]} times={triggers.find((one) => one.node === node)} />;
  }
  const step = findStep(spec, node);
  if (!step) return <p className="p-4 text-sm text-ink-soft">This step is not in the document any more.</p>;
  return <OneStep step={step} flow={flow} />;
}

function OneStep({ step, flow }: { step: Step; flow: Flow }) {
  const { kinds, findings } = useEditing();
  const kind = kindOf(kinds, step.uses);
  const form = useMemo(() => (kind ? formOf(kind) : null), [kind]);
  const general = findings.filter((one) => !one.field);
  return (
    <div className="flex flex-col">
      <StepTitle key={step.name} step={step} kind={kind} />
      {general.map((one) => (
        <Banner
          key={one.message}
          tone={one.severity === "warning" ? "warn" : "bad"}
          title={one.message}
          className="mx-4 mb-4"
        >
          {one.next_step}
        </Banner>
      ))}
      <div className="flex flex-col gap-4 px-4 pb-5">
        {kind && (
          <p className="text-sm text-ink-soft text-pretty">
            <Marked text={kind.about} />
          </p>
        )}
        {(kind === undefined || kind.id === "todo") && <KindField uses={step.uses} />}
        {kind?.account && <AccountField kind={kind} account={step.account ?? null} />}
        {form && <KindSettings step={step} flow={flow} settings={form.settings} />}
        {form?.takes_more && <FurtherSettings step={step} known={form.settings} />}
        <TextSetting path={["about"]} label="Description" hint="A sentence for the reader." many value={step.about} />
      </div>
      <RoutesField step={step} kind={kind} flow={flow} />
      <MoreSettings step={step} kind={kind} />
    </div>
  );
}

/** So many settings are in sight at first; those that are needed or set always are. */
const IN_SIGHT = 5;

/** The kind's own settings. Of many, those that are not used are folded away under their names. */
function KindSettings({ step, flow, settings }: { step: Step; flow: Flow; settings: Setting[] }) {
  const [first] = useState(() => new Set(chosenOf(settings, step.with ?? {})));
  const isShown = ({ key }: Setting) => first.has(key) || step.with?.[key] !== undefined;
  const field = (one: Setting) => (
    <SettingField
      key={one.key}
      setting={one}
      path={["with", one.key]}
      value={step.with?.[one.key]}
      extra={extraNames(one, step, flow)}
    />
  );
  const folded = settings.filter((one) => !isShown(one));
  return (
    <>
      {settings.filter(isShown).map(field)}
      {folded.length > 0 && (
        <Fold title={`${folded.length} more`} note={folded.map((one) => one.label).join(", ")}>
          {folded.map(field)}
        </Fold>
      )}
    </>
  );
}

/** What is needed or set, filled up in the kind's order. All of them where folding would hide a single one. */
function chosenOf(settings: Setting[], values: Record<string, unknown>): string[] {
  const used = settings.filter((one) => one.required || values[one.key] !== undefined);
  const others = settings.filter((one) => !used.includes(one));
  const room = Math.max(0, IN_SIGHT - used.length);
  const shown = others.length <= room + 1 ? others : others.slice(0, room);
  return [...used, ...shown].map((one) => one.key);
}

/** The names that only this setting can use: those of an item, the step's other settings, the steps inside a loop. */
function extraNames(setting: Setting, step: Step, flow: Flow): Name[] {
  const own = setting.names.flatMap((name) => (name === "*" ? Object.keys(step.with ?? {}) : [name]));
  const node = setting.control.is === "expression" ? nodeOf(flow, step.id) : null;
  const inner = node ? innerSteps(node).map((one) => expressionName(one.id)) : [];
  return [...own.filter((name) => name !== setting.key), ...inner].map((name) => bareName(name, step.with?.[name]));
}

const FURTHER: Record<string, { label: string; hint: string; noun: string }> = {
  set: { label: "Values", hint: "Each name is known to later steps.", noun: "value" },
  code: { label: "Variables", hint: "The program knows them by these names.", noun: "variable" },
};
const MORE_NAMES = { label: "Further names", hint: "The prompt can use them.", noun: "name" };

/** Settings of any name, where a kind takes such. */
function FurtherSettings({ step, known }: { step: Step; known: Setting[] }) {
  const { node, names, readOnly, apply } = useEditing();
  const taken = new Set(known.map((one) => one.key));
  const pairs: Pairs = Object.fromEntries(Object.entries(step.with ?? {}).filter(([name]) => !taken.has(name)));
  return (
    <PairsField
      {...(FURTHER[kindId(step.uses)] ?? MORE_NAMES)}
      {...{ pairs, names, readOnly }}
      onChange={(next) => apply(...entryChanges(node, ["with"], pairs, next))}
    />
  );
}
