import { ChevronDown, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { cx } from "@/ui/cx";
import { Popover } from "@/ui/Popover";
import { TextInput } from "@/ui/TextInput";

/** Lists with more choices than this get a box to search in. */
const SEARCHED = 10;

export interface Choice<V extends string> {
  value: V;
  label: string;
  icon?: LucideIcon;
}

/** Any of several values; none chosen: all of them. */
export function ChoiceFilter<V extends string>({
  name,
  choices,
  chosen,
  onChange,
}: {
  name: string;
  choices: readonly Choice<V>[];
  chosen: readonly V[];
  onChange: (chosen: V[]) => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const [words, setWords] = useState("");
  const shown = choices.filter(({ label }) => label.toLowerCase().includes(words.trim().toLowerCase()));
  const toggle = (value: V, isOn: boolean) =>
    onChange(isOn ? [...chosen, value] : chosen.filter((one) => one !== value));
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      title={name}
      trigger={
        <Button size="sm" className={cx(chosen.length > 0 && "border-accent! text-accent!")}>
          {labelOf(name, choices, chosen)}
          <ChevronDown aria-hidden className="size-3.5" />
        </Button>
      }
      className="flex w-60 flex-col gap-2"
    >
      {choices.length > SEARCHED && (
        <TextInput
          size="sm"
          type="search"
          aria-label={`Find in ${name.toLowerCase()}`}
          placeholder="Find"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      )}
      <div className="flex max-h-72 flex-col gap-0.5 overflow-y-auto">
        {shown.map(({ value, label }) => (
          <Checkbox
            key={value}
            label={label}
            checked={chosen.includes(value)}
            onChange={(isOn) => toggle(value, isOn)}
          />
        ))}
        {shown.length === 0 && <p className="py-1 text-sm text-ink-faint">None of that name.</p>}
      </div>
    </Popover>
  );
}

function labelOf<V extends string>(name: string, choices: readonly Choice<V>[], chosen: readonly V[]): string {
  if (chosen.length === 0) return name;
  const [first] = chosen;
  const label = choices.find(({ value }) => value === first)?.label ?? "1";
  return chosen.length === 1 ? `${name}: ${label}` : `${name}: ${label} + ${chosen.length - 1}`;
}
