import { cx } from "./cx";
import { useFieldProps } from "./Field";

/** A number between two others, by dragging or with the arrow keys. Inside a `Field`, which names it. */
export function Slider({
  value,
  least,
  most,
  onChange,
  className,
}: {
  value: number;
  least: number;
  most: number;
  onChange: (value: number) => void;
  className?: string;
}) {
  return (
    <input
      {...useFieldProps()}
      type="range"
      min={least}
      max={most}
      value={value}
      onChange={(event) => onChange(event.target.valueAsNumber)}
      className={cx("control-sm w-full cursor-pointer accent-accent", className)}
    />
  );
}
