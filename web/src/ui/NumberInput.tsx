import { useState } from "react";
import { TextInput, type TextInputProps } from "./TextInput";

export type NumberInputProps = Omit<TextInputProps, "value" | "onChange" | "type"> & {
  value: number | null;
  /** The number that was typed, or null for an empty field. What is not a number yet is not told. */
  onChange: (value: number | null) => void;
  whole?: boolean;
};

/** A number. The text that is typed stays as it is until it is left, so that "1." and "-" can be typed. */
export function NumberInput({ value, onChange, whole, onBlur, ...rest }: NumberInputProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const change = (text: string) => {
    setTyped(text);
    const number = Number(text.replace(",", "."));
    if (text.trim() === "") onChange(null);
    else if (Number.isFinite(number) && (!whole || Number.isInteger(number))) onChange(number);
  };
  return (
    <TextInput
      inputMode={whole ? "numeric" : "decimal"}
      autoComplete="off"
      {...rest}
      value={typed ?? (value === null ? "" : String(value))}
      onChange={(event) => change(event.target.value)}
      onBlur={(event) => {
        setTyped(null);
        onBlur?.(event);
      }}
    />
  );
}
