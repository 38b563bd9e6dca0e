import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Schemas } from "@/client";
import { Link } from "@/navigation";
import { Badge } from "@/ui/Badge";
import { Banner } from "@/ui/Banner";
import { cx } from "@/ui/cx";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { Tree } from "@/ui/Tree";
import type { ShadowReport, ShadowRun } from "./queries";
import { reportWords, runWords, type Verdict, VERDICTS, whatWord } from "./shadow_words";

type Shown = Verdict | "all";

/** What came of the runs, all together and each. */
export function ShadowResult({ report }: { report: ShadowReport }) {
  const [shown, setShown] = useState<Shown>("all");
  const runs = report.runs.filter(({ verdict }) => shown === "all" || verdict === shown);
  if (report.runs.length === 0) return <Banner title={reportWords(report)} />;
  return (
    <div className="flex flex-col gap-3">
      <p role="status" className="font-medium">
        {reportWords(report)}
      </p>
      <SegmentedControl<Shown>
        label="Which runs"
        className="max-w-full overflow-x-auto"
        value={shown}
        onChange={setShown}
        segments={[
          { value: "all", label: `All ${report.runs.length}` },
          { value: "same", label: `Same ${report.same}` },
          { value: "different", label: `Different ${report.different}` },
          { value: "failed", label: `Would fail ${report.failed}` },
        ]}
      />
      {runs.length === 0 && <p className="text-sm text-ink-soft">None.</p>}
      {runs.length > 0 && (
        <ul aria-label="Runs" className="divide-y divide-line rounded-lg border border-line bg-paper text-sm">
          {runs.map((run) => (
            <Row key={run.run_id} run={run} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Row({ run }: { run: ShadowRun }) {
  const [isOpen, setOpen] = useState(false);
  const { word, tone } = VERDICTS[run.verdict];
  const holdsMore = run.differences.length > 0 || run.output !== null || run.failure !== null;
  const name = run.run_id.slice(-8);
  return (
    <li className="px-4 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <button
          type="button"
          disabled={!holdsMore}
          aria-expanded={isOpen}
          aria-label={`What differs in run ${name}`}
          onClick={() => setOpen(!isOpen)}
          className="square-sm control-sm -ml-2 flex items-center justify-center rounded-md text-ink-faint hover:bg-hover disabled:invisible"
        >
          <ChevronRight aria-hidden className={cx("size-4 transition-transform", isOpen && "rotate-90")} />
        </button>
        <Badge tone={tone}>{word}</Badge>
        <Link href={`/runs/${run.run_id}`} className="text-link control-sm font-mono text-xs">
          {name}
        </Link>
        <span className="text-ink-faint">ran with version {run.version}</span>
        <span className="min-w-0 basis-60 grow text-ink-soft wrap-anywhere">{runWords(run)}</span>
      </div>
      {isOpen && <Differences run={run} />}
    </li>
  );
}

function Differences({ run: { differences, more, output, failure } }: { run: ShadowRun }) {
  return (
    <div className="flex flex-col gap-3 py-2 sm:pl-9">
      {failure && <Pair title="How it failed" pair={failure} />}
      {differences.map(({ path, what, note, before, after }, i) => (
        <Pair key={i} title={path} mark={whatWord(what)} note={note} pair={{ before, after }} />
      ))}
      {more > 0 && <p className="text-ink-soft">And {more} more.</p>}
      {output && <Pair title="What the run gives" pair={output} />}
    </div>
  );
}

interface PairProps {
  title: string;
  mark?: string;
  note?: string;
  pair: Schemas["BeforeAfter"];
}

/** Something as it was and as it would have been. */
function Pair({ title, mark, note, pair: { before, after } }: PairProps) {
  return (
    <section className="rounded-md border border-line bg-raised">
      <header className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
        <h3 className="font-medium wrap-anywhere">{title}</h3>
        {mark && <Badge>{mark}</Badge>}
        {note && <span className="text-ink-soft wrap-anywhere">{note}</span>}
      </header>
      <div className="grid gap-x-4 gap-y-2 px-3 py-2 md:grid-cols-2">
        <Side label="It was" name={`${title}, as it was`} value={before} />
        <Side label="It would be" name={`${title}, as it would be`} value={after} />
      </div>
    </section>
  );
}

function Side({ label, name, value }: { label: string; name: string; value: unknown }) {
  return (
    <div className="min-w-0">
      <p className="text-xs text-ink-faint">{label}</p>
      {value === null || value === undefined ? (
        <p className="text-ink-faint">Nothing</p>
      ) : typeof value === "string" ? (
        <p className="whitespace-pre-wrap wrap-anywhere">{value}</p>
      ) : (
        <Tree value={value} name={name} />
      )}
    </div>
  );
}
