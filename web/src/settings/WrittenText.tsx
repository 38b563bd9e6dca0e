import { useState } from "react";
import { Field } from "@/ui/Field";
import { ExpressionText, type ExpressionTextProps } from "./ExpressionText";
import { Marked } from "./Marked";
import { isSame, type Written } from "./values";

interface WrittenTextProps extends Omit<ExpressionTextProps, "text" | "onCommit" | "label"> {
  label: string;
  /** The label is for screen readers only. */
  bare?: boolean;
  hint?: string | null;
  error?: string | null;
  required?: boolean;
  aside?: React.ReactNode;
  value: unknown;
  toText: (value: unknown) => string;
  read: (text: string) => Written;
  /** Told a value that is another one; undefined for nothing. Gives what is wrong with it. */
  onValue: (value: unknown) => Promise<string | null>;
}

/** A field whose text stands for a value: what cannot be read stays in the field, and the field says why. */
export function WrittenText({ label, bare, hint, error, required, aside, ...rest }: WrittenTextProps) {
  const { value, toText, read, onValue, ...text } = rest;
  const [refused, setRefused] = useState<string | null>(null);
  const commit = async (written: string) => {
    const found = read(written);
    if ("error" in found) return setRefused(found.error);
    const next = "value" in found ? found.value : undefined;
    setRefused(isSame(next, value) ? null : await onValue(next));
  };
  const shown = refused ?? error;
  const field = <ExpressionText {...text} label={bare ? label : undefined} text={toText(value)} onCommit={commit} />;
  if (bare) {
    return (
      <div className="min-w-0">
        {field}
        {shown && <p className="mt-1 text-xs text-bad">{shown}</p>}
      </div>
    );
  }
  return (
    <Field label={label} hint={hint && <Marked text={hint} />} error={shown} required={required} aside={aside}>
      {field}
    </Field>
  );
}

/** An expression as a value: blanks around it say nothing. */
export function readExpression(text: string): Written {
  return readText(text.trim());
}

/** A text as a value: an empty one is nothing. */
export function readText(text: string): Written {
  return text === "" ? { nothing: true } : { value: text };
}

/** A value as the text it is; data as JSON where a text is expected. */
export function plainText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
