import type { EditorView } from "@codemirror/view";
import { useEffect, useEffectEvent, useRef } from "react";
import { cx } from "@/ui/cx";
import { useFieldLabelId, useFieldProps } from "@/ui/Field";
import type { Name } from "./names";
import { NamePicker } from "./NamePicker";
import { insertName, textField, type TextFieldOptions } from "./text_field";

export interface ExpressionTextProps {
  text: string;
  /** Told when the text is left or confirmed and is another one. */
  onCommit: (text: string) => void;
  mode?: TextFieldOptions["mode"];
  many?: boolean;
  mono?: boolean;
  placeholder?: string;
  /** Its name where no `Field` gives one. */
  label?: string;
  readOnly?: boolean;
  /** What can be picked. */
  names?: Name[];
}

const NO_NAMES: Name[] = [];

/** A text into which expressions can be written: `{{ }}` stands out, names are completed, and a picker offers them. */
export function ExpressionText(props: ExpressionTextProps) {
  const {
    text,
    onCommit,
    mode = "template",
    many = false,
    mono,
    placeholder = "",
    readOnly = false,
    names = NO_NAMES,
  } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  /** What the document said, or what was last told to it: a text that differs from this is being edited. */
  const told = useRef(text);
  const attributes = useAttributes(props.label);

  const commit = useEffectEvent((written: string) => {
    if (written === told.current) return;
    told.current = written;
    if (written !== text) onCommit(written);
  });
  const reset = useEffectEvent(() => show(view.current, text));
  const namesNow = useEffectEvent(() => names);
  const attributesNow = useEffectEvent(() => attributes);
  const open = useEffectEvent((parent: HTMLElement) => {
    told.current = text;
    return textField({
      ...{ parent, text, many, mode, readOnly, mono: mono ?? mode === "expression", hint: placeholder },
      attributes: () => attributesNow(),
      names: () => namesNow(),
      onCommit: (written) => commit(written),
      onReset: () => reset(),
    });
  });
  useEffect(() => {
    if (!host.current) return;
    const field = open(host.current);
    view.current = field;
    return () => {
      commit(field.state.doc.toString());
      field.destroy();
      view.current = null;
    };
  }, [many, mode, readOnly, placeholder]);

  useEffect(() => {
    const is_edited = view.current !== null && view.current.state.doc.toString() !== told.current;
    told.current = text;
    if (!is_edited) show(view.current, text);
  }, [text]);

  return (
    <div
      className={cx(
        "relative rounded-md border border-line-strong bg-raised text-sm hover:border-ink-faint",
        "focus-within:border-accent focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent",
        "has-[[aria-invalid=true]]:border-bad",
        readOnly && "bg-sunken",
      )}
    >
      <div
        ref={host}
        className={cx("flex min-h-8 flex-col justify-center max-sm:min-h-11", mode !== "plain" && !readOnly && "pr-9")}
      />
      {mode !== "plain" && !readOnly && (
        <NamePicker names={names} onPick={(name) => view.current && insertName(view.current, name, mode)} />
      )}
    </div>
  );
}

/** What ties the editable element to its label, hint and error. */
function useAttributes(label: string | undefined): Record<string, string> {
  const field = useFieldProps();
  const labelId = useFieldLabelId();
  const all = { ...field, ...(label ? { "aria-label": label } : { "aria-labelledby": labelId }) };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}

function show(view: EditorView | null, text: string) {
  if (!view || view.state.doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}
