import { useKinds } from "@/document";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import { isAnswered, type Typed } from "./answers";
import { Given, Questions } from "./Questions";
import { Assumptions, Cost, Findings } from "./remarks";
import { needsOf } from "./needed";
import { Needs } from "./Needs";
import { Section } from "./Section";
import type { Drafting } from "./store";
import type { Answer, Draft } from "./stream";

export interface RailProps {
  drafting: Drafting;
  /** The answers of earlier rounds, which this draft follows already. */
  given: readonly Answer[];
  typed: Typed;
  onType: (question: string, answer: string) => void;
  onForget: (question: string) => void;
  /** Drafts again with the answers. */
  onAsk: () => void;
  onRetry: () => void;
  /** Shows a step on the canvas. */
  onStep: (step: string) => void;
}

/** Everything there is to know about a draft before it is accepted. */
export function Rail(props: RailProps) {
  const { phase, draft, problem } = props.drafting;
  return (
    <div className="h-full min-h-0 grow overflow-y-auto">
      <div className="flex flex-col gap-6 px-4 py-5 sm:max-xl:grid sm:max-xl:grid-cols-2 sm:max-xl:gap-x-10">
        {problem && <ErrorNote problem={problem} onRetry={props.onRetry} />}
        {phase === "drafting" && <Growing />}
        {phase === "done" && (draft ? <Remarks {...props} draft={draft} /> : <Ready {...props} />)}
      </div>
    </div>
  );
}

function Growing() {
  return (
    <Section title="Being drafted">
      <p className="text-sm text-ink-soft">
        Text and graph grow as the draft does. Questions, assumptions and needs come at the end.
      </p>
      <SkeletonLines lines={3} label="Drafting" className="pt-2" />
    </Section>
  );
}

function Ready({ drafting, onStep }: RailProps) {
  const kinds = useKinds();
  const flow = drafting.reading?.flow;
  return (
    <>
      <Section title="A template">
        <p className="text-sm text-ink-soft">
          It is whole as it stands. Open it in the editor to make it yours; nothing runs until you say so.
        </p>
      </Section>
      {flow && <Needs needs={needsOf(flow, kinds)} onStep={onStep} />}
      <Findings findings={drafting.reading?.findings ?? []} onStep={onStep} />
    </>
  );
}

function Remarks({ drafting, draft, given, typed, onType, onForget, onAsk, onStep }: RailProps & { draft: Draft }) {
  const questions = draft.questions ?? [];
  return (
    <>
      {questions.length > 0 && (
        <Questions questions={questions} typed={typed} onType={onType} onStep={onStep}>
          <Button disabled={!isAnswered(questions, typed)} onClick={onAsk} className="self-start">
            Draft again with my answers
          </Button>
        </Questions>
      )}
      {given.length > 0 && <Given answers={given} onForget={onForget} />}
      <Assumptions assumptions={draft.assumptions ?? []} onStep={onStep} />
      <Needs needs={draft.needs ?? []} onStep={onStep} />
      <Findings findings={drafting.reading?.findings ?? []} onStep={onStep} />
      {draft.estimate && <Cost estimate={draft.estimate} />}
    </>
  );
}
