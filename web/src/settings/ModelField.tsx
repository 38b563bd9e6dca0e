import { Autocomplete } from "@base-ui/react/autocomplete";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api } from "@/client";
import { unwrap } from "@/client/problem";
import { cx } from "@/ui/cx";
import { Field, useFieldProps } from "@/ui/Field";
import { inputLook } from "@/ui/TextInput";
import { Marked } from "./Marked";
import { modelsText, readModels } from "./models";
import { isSame } from "./values";

interface ModelFieldProps {
  label: string;
  hint?: string | null;
  error?: string | null;
  aside?: ReactNode;
  value: unknown;
  readOnly: boolean;
  onValue: (value: unknown) => Promise<string | null>;
}

/** A model by its name, or several with commas to fall back on; those that this workspace can use are suggested. */
export function ModelField({ label, hint, error, aside, value, readOnly, onValue }: ModelFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const commit = async (text: string) => {
    setTyped(null);
    const read = readModels(text);
    const next = "value" in read ? read.value : undefined;
    setRefused(isSame(next, value) ? null : await onValue(next));
  };
  return (
    <Field label={label} hint={hint && <Marked text={hint} />} error={refused ?? error} aside={aside}>
      <ModelInput text={typed ?? modelsText(value)} readOnly={readOnly} onType={setTyped} onCommit={commit} />
    </Field>
  );
}

interface ModelInputProps {
  text: string;
  readOnly: boolean;
  onType: (text: string) => void;
  onCommit: (text: string) => void;
}

function ModelInput({ text, readOnly, onType, onCommit }: ModelInputProps) {
  const { data } = useQuery({
    queryKey: ["models"],
    queryFn: () => unwrap(api.GET("/api/v1/models")),
    staleTime: 60_000,
  });
  const models = data?.models ?? [];
  return (
    <Autocomplete.Root
      items={models.map((one) => one.id)}
      value={text}
      openOnInputClick
      onValueChange={(next, { reason }) => {
        onType(next);
        if (reason === "item-press") onCommit(next);
      }}
    >
      <Autocomplete.Input
        {...useFieldProps()}
        readOnly={readOnly}
        placeholder="The agent's model"
        className={cx(inputLook, "control-md px-3 font-mono")}
        onBlur={(event) => onCommit(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && onCommit(event.currentTarget.value)}
      />
      <Autocomplete.Portal>
        <Autocomplete.Positioner sideOffset={4} className="z-20 outline-none">
          <Autocomplete.Popup className="popup popup-motion max-h-64 min-w-(--anchor-width) overflow-y-auto p-1">
            <Autocomplete.List>
              {(id: string) => (
                <Autocomplete.Item key={id} value={id} className="popup-item">
                  <span className="flex min-w-0 flex-col">
                    <span>{models.find((one) => one.id === id)?.title ?? id}</span>
                    <span className="font-mono text-xs text-ink-faint">{id}</span>
                  </span>
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Popup>
        </Autocomplete.Positioner>
      </Autocomplete.Portal>
    </Autocomplete.Root>
  );
}
