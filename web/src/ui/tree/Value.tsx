import { useState } from "react";
import { cx } from "../cx";
import type { ValueType } from "./rows";

const COLOURS: Record<ValueType, string> = {
  text: "text-ink",
  number: "text-group-web",
  boolean: "text-group-ai",
  null: "text-ink-faint",
  object: "text-ink-faint",
  list: "text-ink-faint",
};

/** What of a long text is shown folded, and at most. */
const FOLDED = 180;
const MOST = 20_000;

/** A value in one line, a container as its size; a long text can be unfolded. */
export function Value({ value, type, size }: { value: unknown; type: ValueType; size: number | null }) {
  if (type === "text") return <Text text={String(value)} />;
  return <span className={COLOURS[type]}>{size === null ? String(value ?? "null") : sizeText(type, size)}</span>;
}

function sizeText(type: ValueType, size: number): string {
  if (size === 0) return type === "list" ? "empty list" : "empty object";
  const of = type === "list" ? ["item", "items"] : ["key", "keys"];
  return `${size.toLocaleString("en")} ${of[size === 1 ? 0 : 1]}`;
}

function Text({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  if (text === "") return <span className="text-ink-faint">empty text</span>;
  const firstLines = text.split("\n", 3).join("\n");
  const isLong = text.length > FOLDED || firstLines.length < text.length;
  const shown = isOpen ? text.slice(0, MOST) : firstLines.slice(0, FOLDED);
  return (
    <span className="min-w-0">
      <span className={cx("whitespace-pre-wrap wrap-anywhere", COLOURS.text)}>{isLong ? shown : text}</span>
      {isLong && !isOpen && "… "}
      {isOpen && text.length > MOST && (
        <span className="text-ink-faint"> … the rest is cut here; copying takes all of it.</span>
      )}
      {isLong && (
        <button
          type="button"
          tabIndex={-1}
          aria-expanded={isOpen}
          onClick={(event) => {
            event.stopPropagation();
            setOpen(!isOpen);
          }}
          className="ml-1 whitespace-nowrap rounded-sm font-sans text-accent hover:underline"
        >
          {isOpen ? "Fold" : `Show all ${text.length.toLocaleString("en")} characters`}
        </button>
      )}
    </span>
  );
}
