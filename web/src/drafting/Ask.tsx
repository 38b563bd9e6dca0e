import { useQuery } from "@tanstack/react-query";
import { ArrowUpLeft } from "lucide-react";
import { type KeyboardEvent, type RefObject, useId, useRef } from "react";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { useIsMounted } from "@/ui/platform";
import { Select } from "@/ui/Select";
import { EXAMPLES } from "./examples";
import { modelsQuery, type Template } from "./queries";
import { Templates } from "./Templates";
import { zoneHere } from "./zone";

/** How long a description may be; the server refuses longer ones. */
const MOST_CHARACTERS = 20_000;

interface AskProps {
  english: string;
  model: string | null;
  onChange: (english: string, model: string | null) => void;
  onDraft: () => void;
  onTemplate: (template: Template) => void;
}

/** The question that everything begins with. */
export function Ask({ english, model, onChange, onDraft, onTemplate }: AskProps) {
  const prompt = useRef<HTMLTextAreaElement>(null);
  const use = (text: string) => {
    onChange(text, model);
    prompt.current?.focus();
    prompt.current?.scrollIntoView({ block: "center", behavior: "smooth" });
  };
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto flex max-w-200 flex-col gap-10 px-4 pb-20 pt-10 sm:px-8 sm:pt-[9vh]">
        <section className="flex flex-col gap-6">
          <header className="flex flex-col gap-2">
            <h1 className="text-2xl font-semibold tracking-tight text-balance sm:text-3xl">
              What should your agent do?
            </h1>
            <p className="text-ink-soft text-pretty">
              Say it in your own words. You get a document that you can read, change and run.
            </p>
          </header>
          <Prompt box={prompt} english={english} model={model} onChange={onChange} onDraft={onDraft} />
          <Examples onUse={use} />
        </section>
        <Templates onUse={onTemplate} />
      </div>
    </div>
  );
}

type PromptProps = Omit<AskProps, "onTemplate"> & { box: RefObject<HTMLTextAreaElement | null> };

function Prompt({ box, english, model, onChange, onDraft }: PromptProps) {
  const id = useId();
  const isMounted = useIsMounted();
  const isEmpty = english.trim() === "";
  const left = MOST_CHARACTERS - english.length;
  const submit = () => (isEmpty ? box.current?.focus() : onDraft());
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    submit();
  };
  return (
    <div className="rounded-lg border border-line-strong bg-raised shadow-card focus-within:border-accent focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent">
      <label htmlFor={id} className="sr-only">
        What your agent should do
      </label>
      <textarea
        id={id}
        ref={box}
        rows={4}
        value={english}
        maxLength={MOST_CHARACTERS}
        placeholder="Every weekday at 8:30 fetch …, keep …, and mail …"
        onChange={(event) => onChange(event.target.value, model)}
        onKeyDown={onKeyDown}
        className="field-sizing-content block max-h-[50vh] min-h-32 w-full resize-none bg-transparent px-4 pt-4 text-lg text-pretty outline-none placeholder:text-ink-faint"
      />
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 p-3 pt-2">
        <ModelChoice model={model} onChoose={(chosen) => onChange(english, chosen)} />
        <p className="min-w-0 grow truncate text-xs text-ink-faint">
          {left < 2_000 ? `${left.toLocaleString("en")} characters left` : isMounted && `Times are in ${zoneHere()}`}
        </p>
        <Button variant="primary" shortcut="Mod+Enter" onClick={submit} className="max-sm:w-full">
          Draft it
        </Button>
      </div>
    </div>
  );
}

const RULES = "rules";

/** Who drafts. Where no model has a key, there is nothing to choose. */
function ModelChoice({ model, onChoose }: { model: string | null; onChoose: (model: string | null) => void }) {
  const { data } = useQuery(modelsQuery);
  const able = (data?.models ?? []).filter((one) => !one.local);
  if (!able.length) return null;
  const options = [
    { value: RULES, label: "Without a model", hint: "By rules: at once, and nothing leaves this machine" },
    ...able.map(({ id, title }) => ({ value: id, label: title })),
  ];
  const chosen = able.some(({ id }) => id === model) ? model : RULES;
  return (
    <Select
      label="Who drafts"
      size="sm"
      options={options}
      value={chosen}
      onChange={(value) => onChoose(value === RULES ? null : value)}
      className="w-44!"
    />
  );
}

function Examples({ onUse }: { onUse: (english: string) => void }) {
  return (
    <div className="flex flex-col gap-1">
      <h2 className="px-1 text-xs font-medium text-ink-faint">For example</h2>
      <ul className="flex flex-col">
        {EXAMPLES.map(({ title, english }) => (
          <li key={title}>
            <button
              type="button"
              onClick={() => onUse(english)}
              className={cx(
                "group flex w-full items-baseline gap-3 rounded-md px-1 py-2 text-left text-sm text-ink-soft max-sm:min-h-11",
                "transition-colors duration-(--duration-quick) hover:bg-hover hover:text-ink",
              )}
            >
              <ArrowUpLeft
                aria-hidden
                className="size-3.5 shrink-0 translate-y-0.5 text-ink-faint group-hover:text-accent"
              />
              <span className="line-clamp-2 text-pretty">{english}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
