import { useMemo, useState } from "react";
import { Link } from "@/navigation";
import { Badge } from "@/ui/Badge";
import { cx } from "@/ui/cx";
import { Time } from "@/ui/Time";
import type { Group } from "./groups";
import { partsOf, termsOf } from "./marks";
import type { LogLine } from "./queries";
import { KIND_LOOKS } from "./words";

/** Lines, those of a run together. Each leads to its step. */
export function LineList({ groups, search }: { groups: readonly Group[]; search: string }) {
  const terms = useMemo(() => termsOf(search), [search]);
  return (
    <ol aria-label="Lines by run, newest first" className="flex flex-col gap-3">
      {groups.map(({ run_id, agent, lines }) => (
        <li key={lines[0]?.id} className="overflow-hidden rounded-lg border border-line bg-paper">
          <div className="flex flex-wrap items-baseline justify-between gap-x-4 border-b border-line px-4 py-2 text-sm">
            <Link href={`/runs/${run_id}`} className="text-link min-w-0 font-medium max-sm:min-h-8">
              <bdi className="truncate">{agent}</bdi>
            </Link>
            {lines[0] && (
              <span className="text-xs text-ink-faint">
                <Time at={lines[0].at} />
              </span>
            )}
          </div>
          <ol className="divide-y divide-line">
            {lines.map((line) => (
              <Line key={line.id} line={line} terms={terms} />
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}

/** Messages longer than this are folded. */
const LONG = 400;
const MANY_LINES = 6;

function Line({ line: { run_id, kind, path, message }, terms }: { line: LogLine; terms: string[][] }) {
  const [isOpen, setOpen] = useState(false);
  const { word, tone } = KIND_LOOKS[kind];
  const isLong = message.length > LONG || message.split("\n").length > MANY_LINES;
  const href = path === null ? `/runs/${run_id}` : `/runs/${run_id}?step=${encodeURIComponent(path)}`;
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-2.5 text-sm hover:bg-raised sm:grid-cols-[6.5rem_minmax(0,1fr)]">
      <Badge tone={tone} className="w-fit">
        {word}
      </Badge>
      <div className="flex min-w-0 flex-col items-start gap-1">
        <Link href={href} className="text-link max-w-full font-mono text-xs text-ink-soft wrap-anywhere max-sm:min-h-8">
          {path === null ? "Open the run" : <Marked text={path} terms={terms} />}
        </Link>
        <p
          className={cx(
            "max-w-full whitespace-pre-wrap wrap-anywhere",
            kind === "printed" && "font-mono text-xs",
            isLong && !isOpen && "line-clamp-6",
          )}
        >
          <Marked text={message} terms={terms} />
        </p>
        {isLong && (
          <button
            type="button"
            className="text-link text-xs text-ink-soft max-sm:min-h-8"
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? "Show less" : "Show all of it"}
          </button>
        )}
      </div>
    </li>
  );
}

function Marked({ text, terms }: { text: string; terms: string[][] }) {
  const parts = useMemo(() => partsOf(text, terms), [text, terms]);
  return parts.map((part, i) =>
    part.isMarked ? (
      <mark key={i} className="rounded-sm bg-warn-soft text-warn">
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  );
}
