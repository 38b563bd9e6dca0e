import { RotateCcw } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Change } from "@/document";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Select } from "@/ui/Select";
import { Switch } from "@/ui/Switch";
import { findingAt, type Path, setting as setChange, useEditing } from "./editing";
import type { Setting } from "./form";
import { Marked } from "./Marked";
import { ModelField } from "./ModelField";
import type { Name } from "./names";
import { type Pairs, recordChanges } from "./pairs";
import { PairsField } from "./PairsField";
import { dataText, listText, readData, readList, readNumber } from "./values";
import { plainText, readExpression, readText, WrittenText } from "./WrittenText";

interface Part {
  setting: Setting;
  path: Path;
  value: unknown;
  names: Name[];
  error: string | null;
  readOnly: boolean;
  aside: ReactNode;
  set: (value: unknown) => Promise<string | null>;
}

/** One setting of a step. `blocks`: the fence languages of settings that are best written as text blocks. */
export function SettingField(props: { setting: Setting; path: Path; value: unknown; extra?: Name[] }) {
  const { setting, path, value, extra } = props;
  const { node, names, findings, readOnly, apply } = useEditing();
  const set = (next: unknown) => apply(...changes(node, path, setting, value, next));
  const canReset = value !== undefined && !setting.required && !readOnly;
  const aside = canReset && (
    <IconButton
      label={
        setting.standard === undefined
          ? `Leave ${setting.label} out`
          : `Back to the default: ${plainText(setting.standard)}`
      }
      icon={RotateCcw}
      className="-my-1.5 text-ink-faint"
      onClick={() => void set(undefined)}
    />
  );
  const all = extra?.length ? [...extra, ...names] : names;
  const part = { setting, path, value, names: all, error: findingAt(findings, path), readOnly, aside, set };
  return <Control {...part} />;
}

/** A setting that is best written as a text block becomes one when its text gets long; how it stands else is kept. */
function changes(node: string | null, path: Path, { control }: Setting, before: unknown, next: unknown): Change[] {
  const first = setChange(node, path, next);
  const language = "language" in control ? control.language : undefined;
  const key = path[1];
  const grows = isLong(next) && !isLong(before);
  return language !== undefined && key !== undefined && grows
    ? [first, setChange(node, ["blocks", key], language)]
    : [first];
}

function isLong(value: unknown): boolean {
  return typeof value === "string" && (value.includes("\n") || value.length > 80);
}

function Control(part: Part) {
  const { control } = part.setting;
  switch (control.is) {
    case "choice":
      return <ChoiceControl {...part} options={control.options} />;
    case "switch":
      return <SwitchControl {...part} />;
    case "pairs":
      return <PairsControl {...part} />;
    case "model":
      return <ModelField {...part} label={part.setting.label} hint={part.setting.hint} onValue={part.set} />;
    case "any":
      return <AnyControl {...part} many={control.lines === "many"} language={control.language} />;
    default:
      return <TextControl {...part} {...writing(part.setting)} />;
  }
}

/** How a setting that is written as text is read and shown. */
function writing({ control }: Setting) {
  switch (control.is) {
    case "expression":
      return { mode: "expression" as const, toText: plainText, read: readExpression };
    case "number":
      return { toText: plainText, read: (text: string) => readNumber(text, control) };
    case "list":
      return { many: true, toText: listText, read: readList };
    case "data":
      return { many: true, mono: true, toText: dataText, read: readData };
    case "text":
      return {
        mode: control.templates ? ("template" as const) : ("plain" as const),
        many: control.lines === "many",
        mono: isCode(control.language),
        toText: plainText,
        read: readText,
      };
    default:
      return { toText: plainText, read: readText };
  }
}

function isCode(language: string | undefined): boolean {
  return language !== undefined && language !== "text" && language !== "markdown";
}

type Writing = ReturnType<typeof writing>;

function TextControl({ setting, value, names, error, readOnly, aside, set, ...how }: Part & Writing) {
  return (
    <WrittenText
      label={setting.label}
      hint={setting.hint}
      required={setting.required}
      placeholder={setting.standard === undefined ? "" : plainText(setting.standard)}
      {...{ value, names, error, readOnly, aside }}
      {...how}
      onValue={set}
    />
  );
}

/** A text, or data: which of them is seen from the value, and can be changed. */
function AnyControl({ many, language, ...part }: Part & { many: boolean; language?: string }) {
  const [chosen, setChosen] = useState<"text" | "data" | null>(null);
  const is_text = part.value === undefined || typeof part.value === "string";
  const shows = chosen ?? (is_text ? "text" : "data");
  const toggle = !part.readOnly && (
    <Button size="sm" variant="ghost" className="-my-1.5" onClick={() => setChosen(shows === "text" ? "data" : "text")}>
      {shows === "text" ? "Write data" : "Write text"}
    </Button>
  );
  const aside = (
    <span className="flex items-center">
      {toggle}
      {part.aside}
    </span>
  );
  return shows === "text" ? (
    <TextControl {...part} aside={aside} many={many} mono={isCode(language)} toText={plainText} read={readText} />
  ) : (
    <TextControl {...part} aside={aside} many mono toText={dataText} read={readData} />
  );
}

const STANDARD = "\u0000standard";

function ChoiceControl({
  setting,
  value,
  error,
  readOnly,
  aside,
  set,
  names,
  options,
  path,
}: Part & { options: string[] }) {
  if (typeof value === "string" && !options.includes(value)) {
    return (
      <TextControl
        {...{ setting, value, error, readOnly, aside, set, names, path }}
        toText={plainText}
        read={readText}
      />
    );
  }
  const standard = setting.standard === undefined ? "Not set" : `${plainText(setting.standard)} (default)`;
  const unset = setting.required ? [] : [{ value: STANDARD, label: standard }];
  return (
    <Field
      label={setting.label}
      hint={setting.hint && <Marked text={setting.hint} />}
      error={error}
      required={setting.required}
      aside={aside}
    >
      <Select
        options={[
          ...unset,
          ...options.filter((one) => one !== setting.standard).map((one) => ({ value: one, label: one })),
        ]}
        value={value === undefined || value === setting.standard ? STANDARD : String(value)}
        disabled={readOnly}
        onChange={(chosen) => void set(chosen === STANDARD ? undefined : chosen)}
      />
    </Field>
  );
}

function SwitchControl(part: Part) {
  const { setting, value, error, readOnly, aside, set } = part;
  if (typeof value === "string") return <TextControl {...part} toText={plainText} read={readText} />;
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-center justify-between gap-2">
        <Switch
          label={setting.label}
          hint={setting.hint && <Marked text={setting.hint} />}
          checked={(value ?? setting.standard) === true}
          disabled={readOnly}
          onChange={(checked) => void set(checked === (setting.standard === true) ? undefined : checked)}
        />
        {aside}
      </div>
      {error && <p className="text-xs text-bad">{error}</p>}
    </div>
  );
}

function PairsControl(part: Part) {
  const { setting, path, value, names, error, readOnly } = part;
  const { node, apply } = useEditing();
  if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
    return <TextControl {...part} many mono toText={dataText} read={readData} />;
  }
  const pairs = value as Pairs | undefined;
  return (
    <PairsField
      label={setting.label}
      hint={setting.hint}
      required={setting.required}
      {...{ names, error, readOnly, pairs: pairs ?? {} }}
      onChange={(next) => apply(...recordChanges(node, path, pairs, next))}
    />
  );
}
